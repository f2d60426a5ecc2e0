import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isRobotId, toMessage } from '@fleetstream/kernel';
import { parseRobot, type RegisteredRobot, type RobotRegistry } from './robot-registry.ts';

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const bodyBytesMax = 4 * 1024 * 1024;
const limitDefault = 200;
const limitMax = 1000;

export interface PlatformServerOptions {
  readonly registry: RobotRegistry;
  /** Told after each change; its promise is awaited before the answer, so that what was answered is kept. */
  readonly onChanged: () => Promise<void>;
  /** Who reads robots has to show it, in `authorization: Bearer` or `x-api-key`; nobody is asked without it. */
  readonly token?: string | undefined;
}

/**
 * A stand-in for the customer's Robot Platform: `GET /robots?cursor=&limit=`, `GET /robots/{id}`, `POST /robots` (bulk
 * upsert of `{"robots":[…]}` or an array), `DELETE /robots/{id}`, `GET /healthz`.
 */
export function createPlatformServer(options: PlatformServerOptions): Server {
  return createServer({ requestTimeout: 10_000, headersTimeout: 5000 }, (request, response) => {
    answer(request, options).then(
      (result) => {
        write(request, response, result);
      },
      (thrown: unknown) => {
        write(request, response, { status: 500, body: { error: toMessage(thrown) } });
      },
    );
  });
}

async function answer(request: IncomingMessage, options: PlatformServerOptions): Promise<Answer> {
  const { registry, onChanged, token } = options;
  const url = new URL(request.url ?? '/', 'http://platform');
  const [head, id, ...rest] = url.pathname.split('/').filter((part) => part !== '');
  if (head === 'healthz' && id === undefined) return { status: 200, body: { status: 'ok', robots: registry.size } };
  if (head !== 'robots' || rest.length > 0) return { status: 404, body: { error: 'nothing at this path' } };
  if (request.method === 'POST' && id === undefined) return upsert(request, registry, onChanged);
  if (request.method === 'DELETE' && id !== undefined) return remove(safeDecode(id), options);
  if (request.method !== 'GET') return { status: 405, body: { error: 'no such method here' } };
  if (token !== undefined && !shows(request, token)) return { status: 401, body: { error: 'not without the token' } };
  if (id === undefined) return list(url, registry);
  const robot = registry.get(safeDecode(id));
  if (robot === undefined) return { status: 404, body: { error: 'no such robot' } };
  return { status: 200, body: robot };
}

function shows({ headers }: IncomingMessage, token: string): boolean {
  return headers.authorization === `Bearer ${token}` || headers['x-api-key'] === token;
}

async function remove(id: string, { registry, onChanged }: PlatformServerOptions): Promise<Answer> {
  if (!registry.remove(id)) return { status: 404, body: { error: 'no such robot' } };
  await onChanged();
  return { status: 204 };
}

function list(url: URL, registry: RobotRegistry): Answer {
  const limit = Number(url.searchParams.get('limit') ?? limitDefault);
  if (!Number.isInteger(limit) || limit < 1 || limit > limitMax) {
    return { status: 400, body: { error: `limit: a whole number from 1 to ${limitMax}` } };
  }
  const page = registry.page(url.searchParams.get('cursor') ?? undefined, limit);
  if (page.nextCursor === undefined) return { status: 200, body: page };
  url.searchParams.set('cursor', page.nextCursor);
  return { status: 200, body: page, headers: { link: `<${url.pathname}${url.search}>; rel="next"` } };
}

async function upsert(
  request: IncomingMessage,
  registry: RobotRegistry,
  onChanged: () => Promise<void>,
): Promise<Answer> {
  const text = await readBody(request);
  if (text === undefined) return { status: 413, body: { error: `at most ${bodyBytesMax} bytes` } };
  const parsed = parseRobots(text);
  if (typeof parsed === 'string') return { status: 400, body: { error: parsed } };
  if (!registry.upsert(parsed)) return { status: 409, body: { error: 'too many robots for a stand-in' } };
  await onChanged();
  return { status: 200, body: { upserted: parsed.length, robots: registry.size } };
}

function parseRobots(text: string): RegisteredRobot[] | string {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (thrown) {
    return `not JSON: ${toMessage(thrown)}`;
  }
  const given = Array.isArray(body) ? (body as unknown[]) : (body as { robots?: unknown } | null)?.robots;
  if (!Array.isArray(given)) return 'send an array of robots, or {"robots": […]}';
  const robots: RegisteredRobot[] = [];
  for (const [index, value] of (given as unknown[]).entries()) {
    const robot = parseRobot(value, isRobotId);
    if (typeof robot === 'string') return `robot ${index}: ${robot}`;
    robots.push(robot);
  }
  return robots;
}

/** `undefined` when it is too large. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= bodyBytesMax) chunks.push(chunk);
  }
  return bytes > bodyBytesMax ? undefined : Buffer.concat(chunks).toString('utf8');
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A broken escape names no robot.
    return '';
  }
}

/** Answers that were found are tagged by what they say: a page's tag changes with that page alone. */
function write(request: IncomingMessage, response: ServerResponse, { status, body, headers }: Answer): void {
  const text = body === undefined ? '' : `${JSON.stringify(body)}\n`;
  const etag = status === 200 ? `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` : undefined;
  if (etag !== undefined && request.headers['if-none-match'] === etag) {
    response.writeHead(304, { etag }).end();
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json', ...(etag !== undefined && { etag }), ...headers });
  response.end(text);
}
