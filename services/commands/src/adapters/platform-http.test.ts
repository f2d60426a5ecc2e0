import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPlatformHttp } from './platform-http.ts';
import { createPageReader, mappingSchema } from './platform-mapping.ts';
import { type PagingOptions } from './platform-paging.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let origin: string;
let answer: Answer;
let asked: { readonly url: string; readonly headers: IncomingMessage['headers'] }[];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push({ url: request.url ?? '', headers: request.headers });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

beforeEach(() => {
  asked = [];
});

const json = (response: ServerResponse, body: unknown, headers: Record<string, string> = {}) =>
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
const robots = (...ids: readonly string[]) => ids.map((id) => ({ id }));
const parameter = (request: IncomingMessage, name: string) =>
  new URL(request.url ?? '', 'http://x').searchParams.get(name);

function open(
  paging: Partial<PagingOptions> = {},
  more: { readonly mapping?: object; readonly robotsMax?: number; readonly headers?: Record<string, string> } = {},
) {
  const read = createPlatformHttp({
    paging: {
      ...{ paging: 'cursor', pageParameter: 'cursor', limitParameter: 'limit', limit: 2 },
      listUrl: new URL(`${origin}/robots`),
      ...paging,
    },
    readPage: createPageReader(mappingSchema.parse(more.mapping ?? {})),
    headers: more.headers ?? {},
    robotsMax: more.robotsMax ?? 100,
  });
  return async () => {
    const { robots: found, complete } = await read(AbortSignal.timeout(5000));
    return { ids: found.map(({ id }) => id).join(''), complete };
  };
}

describe('the list of the Robot Platform', () => {
  it.each<{ name: string; paging: Partial<PagingOptions>; serve: Answer; ids: string; requests: string[] }>([
    {
      name: 'follows cursors',
      paging: {},
      serve: (request, response) =>
        parameter(request, 'cursor') === null
          ? json(response, { robots: robots('a', 'b'), nextCursor: 'b&c' })
          : json(response, { robots: robots('c') }),
      ids: 'abc',
      requests: ['/robots?limit=2', '/robots?limit=2&cursor=b%26c'],
    },
    {
      name: 'follows links of the header',
      paging: { paging: 'link' },
      serve: (request, response) =>
        parameter(request, 'p') === null
          ? json(response, { robots: robots('a') }, { link: '</first>; rel="first", </robots?p=2>; rel="last next"' })
          : json(response, { robots: robots('b') }, { link: '</robots>; rel=prev' }),
      ids: 'ab',
      requests: ['/robots?limit=2', '/robots?p=2'],
    },
    {
      name: 'counts pages until an empty one, for a platform may give fewer a page than were asked for',
      paging: { paging: 'page', pageParameter: 'page' },
      serve: (request, response) =>
        json(response, { robots: [robots('a'), robots('b'), []][Number(parameter(request, 'page')) - 1] }),
      ids: 'ab',
      requests: ['/robots?limit=2&page=1', '/robots?limit=2&page=2', '/robots?limit=2&page=3'],
    },
    {
      name: 'takes one page when there are no more',
      paging: { paging: 'none' },
      serve: (_request, response) => json(response, { robots: robots('a'), nextCursor: 'x' }),
      ids: 'a',
      requests: ['/robots'],
    },
  ])('$name', async ({ paging, serve, ids, requests }) => {
    answer = serve;
    expect(await open(paging)()).toEqual({ ids, complete: true });
    expect(asked.map(({ url }) => url)).toEqual(requests);
  });

  it('sends its credentials with every page', async () => {
    answer = (request, response) =>
      json(response, parameter(request, 'cursor') === null ? { robots: [], nextCursor: 'x' } : { robots: [] });
    await open({}, { headers: { authorization: 'Bearer t' } })();
    expect(asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer t', 'Bearer t']);
  });

  it('asks for each page with its own tag, and takes a changed page beside an unchanged one', async () => {
    let last = 'c';
    answer = (request, response) => {
      const first = parameter(request, 'cursor') === null;
      const etag = first ? '"1"' : `"2${last}"`;
      if (request.headers['if-none-match'] === etag) response.writeHead(304, { etag }).end();
      else json(response, first ? { robots: robots('a'), nextCursor: 'a' } : { robots: robots(last) }, { etag });
    };
    const read = open();
    expect(await read()).toMatchObject({ ids: 'ac' });
    last = 'd';
    expect(await read()).toMatchObject({ ids: 'ad' });
    expect(await read()).toMatchObject({ ids: 'ad' });
    expect(asked.map(({ headers }) => headers['if-none-match'])).toEqual([
      undefined,
      undefined,
      '"1"',
      '"2c"',
      '"1"',
      '"2d"',
    ]);
  });

  it.each<{ name: string; serve: Answer; says: RegExp; paging?: Partial<PagingOptions>; mapping?: object }>([
    { name: 'an error page', serve: (_q, r) => r.writeHead(500).end('{"robots":[]}'), says: /answered 500/ },
    { name: 'a page that says created', serve: (_q, r) => r.writeHead(201).end('{"robots":[]}'), says: /answered 201/ },
    { name: 'a redirect', serve: (_q, r) => r.writeHead(302, { location: '/x' }).end(), says: /fetch failed/ },
    {
      name: 'a page of HTML',
      serve: (_q, r) => r.writeHead(200).end('<html>secret'),
      says: /list: what it says is not JSON/,
    },
    {
      name: 'a body that breaks off',
      serve: (_q, r) =>
        r.writeHead(200, { 'content-length': 99 }).write('{"robots":[', () => {
          r.destroy();
        }),
      says: /terminated/,
    },
    { name: 'an error document', serve: (_q, r) => json(r, { error: 'no' }), says: /no list at \$\.robots/ },
    { name: 'a list that is none', serve: (_q, r) => json(r, { robots: { a: 1 } }), says: /no list at/ },
    { name: 'nothing', serve: (_q, r) => json(r, null), says: /no list at/ },
    {
      name: 'more robots than may be',
      serve: (_q, r) => json(r, { robots: robots(...Array.from('abcdefghijk')) }),
      says: /more than 10 robots/,
    },
    {
      name: 'too large a page',
      serve: (_q, r) => r.writeHead(200).end(' '.repeat(5 * 1024 * 1024)),
      says: /more than 4194304 bytes/,
    },
    {
      name: 'a second page that fails',
      serve: (q, r) =>
        parameter(q, 'cursor') === null ? json(r, { robots: robots('a'), nextCursor: 'x' }) : r.writeHead(503).end(),
      says: /answered 503/,
    },
    { name: 'pages in a circle', serve: (_q, r) => json(r, { robots: robots('a'), nextCursor: 'x' }), says: /circle/ },
    {
      name: 'fewer robots than it says',
      serve: (_q, r) => json(r, { robots: robots('a'), total: 2 }),
      mapping: { total: '$.total' },
      says: /says that it has 2 robots, and only 1 came/,
    },
    {
      name: 'a link to another server',
      serve: (_q, r) => json(r, { robots: robots('a') }, { link: '<http://127.0.0.2/robots>; rel=next' }),
      paging: { paging: 'link' },
      says: /away from the platform/,
    },
  ])('is none: $name', async ({ serve, says, paging = {}, mapping = {} }) => {
    answer = serve;
    await expect(open(paging, { mapping, robotsMax: 10 })()).rejects.toThrow(says);
  });

  it('is not whole when an entry is no robot', async () => {
    answer = (_request, response) => json(response, { robots: [{ id: 'a' }, { name: 'x' }, { id: 'a' }, { id: 'b' }] });
    expect(await open()()).toEqual({ ids: 'ab', complete: false });
  });
});
