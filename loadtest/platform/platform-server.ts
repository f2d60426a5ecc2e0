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

/**
 * A stand-in for the customer's Robot Platform: `GET /robots?cursor=&limit=`, `GET /robots/{id}`, `POST /robots` (bulk
 * upsert of `{"robots":[…]}` or an array), `GET /healthz`.
 *
 * @param onChanged told after each change; its promise is awaited before the answer, so that what was answered is kept
 */
export function createPlatformServer(registry: RobotRegistry, onChanged: () => Promise<void>): Server {
  // Versions start anew with each process, so the tag must not be comparable across two of them.
  const epoch = Date.now().toString(36);
  return createServer({ requestTimeout: 10_000, headersTimeout: 5000 }, (request, response) => {
    answer(request, registry, onChanged, epoch).then(
      (result) => {
        write(response, result);
      },
      (thrown: unknown) => {
        write(response, { status: 500, body: { error: toMessage(thrown) } });
      },
    );
  });
}

async function answer(
  request: IncomingMessage,
  registry: RobotRegistry,
  onChanged: () => Promise<void>,
  epoch: string,
): Promise<Answer> {
  const url = new URL(request.url ?? '/', 'http://platform');
  const [head, id, ...rest] = url.pathname.split('/').filter((part) => part !== '');
  if (head === 'healthz' && id === undefined) return { status: 200, body: { status: 'ok', robots: registry.size } };
  if (head !== 'robots' || rest.length > 0) return { status: 404, body: { error: 'nothing at this path' } };
  if (request.method === 'POST' && id === undefined) return upsert(request, registry, onChanged);
  if (request.method !== 'GET') return { status: 405, body: { error: 'no such method here' } };
  const etag = `"${epoch}-${registry.version}"`;
  if (request.headers['if-none-match'] === etag) return { status: 304, headers: { etag } };
  if (id === undefined) return list(url, registry, etag);
  const robot = registry.get(safeDecode(id));
  if (robot === undefined) return { status: 404, body: { error: 'no such robot' } };
  return { status: 200, body: robot, headers: { etag } };
}

function list(url: URL, registry: RobotRegistry, etag: string): Answer {
  const limit = Number(url.searchParams.get('limit') ?? limitDefault);
  if (!Number.isInteger(limit) || limit < 1 || limit > limitMax) {
    return { status: 400, body: { error: `limit: a whole number from 1 to ${limitMax}` } };
  }
  return { status: 200, body: registry.page(url.searchParams.get('cursor') ?? undefined, limit), headers: { etag } };
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

function write(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? undefined : `${JSON.stringify(body)}\n`);
}
