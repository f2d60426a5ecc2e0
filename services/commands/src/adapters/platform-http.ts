import { AppError } from '@fleetstream/kernel';
import { type PlatformList, type PlatformRobot } from '../domain/platform-robot.ts';
import { type MappedPage } from './platform-mapping.ts';
import { type PagingOptions, toFirstPage, toNextPage } from './platform-paging.ts';

export interface PlatformHttpOptions {
  readonly paging: PagingOptions;
  readonly readPage: (page: unknown) => MappedPage;
  /** Sent with every request, and nowhere else: never logged. */
  readonly headers: Readonly<Record<string, string>>;
  readonly robotsMax: number;
}

/** What a page was when last it was asked for, for the platform's "not modified". */
interface KeptPage {
  readonly etag: string;
  readonly page: MappedPage;
  readonly link: string | undefined;
}

/** Which list was read, and how much of it didn't fit. */
export interface ReadList extends PlatformList {
  readonly unreadable: number;
  readonly fieldsLeftOut: number;
}

const pagesMax = 1000;
const pageBytesMax = 4 * 1024 * 1024;

/**
 * Reads the whole list, page by page. A tag (`ETag`) is of one page, so each page is asked for with its own; a server
 * that has one tag for all pages is served as well.
 *
 * Anything but a whole list is an error: a page that fails, leads in a circle or says another total than was read.
 */
export function createPlatformHttp(options: PlatformHttpOptions): (signal: AbortSignal) => Promise<ReadList> {
  let kept: ReadonlyMap<string, KeptPage> = new Map();
  return async (signal) => {
    const found = new Map<string, KeptPage>();
    const list = await readList(options, signal, kept, found);
    kept = found;
    return list;
  };
}

async function readList(
  options: PlatformHttpOptions,
  signal: AbortSignal,
  kept: ReadonlyMap<string, KeptPage>,
  found: Map<string, KeptPage>,
): Promise<ReadList> {
  const robots = new Map<string, PlatformRobot>();
  const seen = new Set<string>();
  let unreadable = 0;
  let fieldsLeftOut = 0;
  let total: number | undefined;
  let url: URL | undefined = toFirstPage(options.paging);
  while (url !== undefined) {
    if (seen.has(url.href)) throw unfit('the pages lead in a circle');
    if (seen.size >= pagesMax) throw unfit(`the list has more than ${pagesMax} pages`);
    seen.add(url.href);
    const { page, link, etag } = await fetchPage(options, url, kept.get(url.href), signal);
    if (etag !== undefined) found.set(url.href, { page, link, etag });
    for (const robot of page.robots) robots.set(robot.id, robot);
    if (robots.size > options.robotsMax) throw unfit(`the list has more than ${options.robotsMax} robots`);
    unreadable += page.unreadable;
    fieldsLeftOut += page.fieldsLeftOut;
    total ??= page.total;
    url = toNextPage(options.paging, { url, number: seen.size, entries: page.entries, next: page.next, link });
  }
  if (total !== undefined && robots.size + unreadable < total) {
    throw unfit(`the list says that it has ${total} robots, and only ${robots.size + unreadable} came`);
  }
  return { robots: [...robots.values()], complete: unreadable === 0, unreadable, fieldsLeftOut };
}

async function fetchPage(
  { headers, readPage }: PlatformHttpOptions,
  url: URL,
  before: KeptPage | undefined,
  signal: AbortSignal,
): Promise<{ readonly page: MappedPage; readonly link: string | undefined; readonly etag: string | undefined }> {
  const answer = await fetch(url, {
    headers: { ...headers, accept: 'application/json', ...(before !== undefined && { 'if-none-match': before.etag }) },
    signal,
    // A redirect would take our credentials, or us, somewhere else.
    redirect: 'error',
  });
  if (answer.status === 304 && before !== undefined) {
    await answer.body?.cancel();
    return before;
  }
  if (answer.status !== 200) {
    await answer.body?.cancel();
    throw unfit(`it answered ${answer.status}`);
  }
  return {
    page: readPage(parseBody(await readBody(answer))),
    link: answer.headers.get('link') ?? undefined,
    etag: answer.headers.get('etag') ?? undefined,
  };
}

async function readBody(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    if (sizeBytes > pageBytesMax) throw unfit(`a page has more than ${pageBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Nothing of the body is told, the parser's complaint neither: nobody knows what an error page holds. */
export function parseBody(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw unfit('what it says is not JSON');
  }
}

function unfit(what: string): AppError {
  return new AppError('FS_PLATFORM_UNAVAILABLE', `The Robot Platform gave no list: ${what}.`);
}
