import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { createPlatformServer } from '../../platform/platform-server.ts';
import { type RobotRegistry } from '../../platform/robot-registry.ts';

/** What can be wrong with a Robot Platform. */
export const moods = [
  'refusing',
  'silent',
  'dripping',
  'error',
  'html',
  'noise',
  'error-document',
  'broken-off',
  'empty',
  'few',
  'first-page-alone',
  'second-page-fails',
  'circle',
  'foreign-entries',
] as const;

export type Mood = (typeof moods)[number];

/** The stand-in with something wrong before it. */
export interface FaultyPlatform {
  readonly url: string;
  /** Requests for a page, counted. */
  asked(): number;
  turn(mood: Mood | undefined): void;
  close(): Promise<void>;
}

type Play = (request: IncomingMessage, response: ServerResponse) => void;

export async function startFaultyPlatform(registry: RobotRegistry, token: string): Promise<FaultyPlatform> {
  const honest = createPlatformServer({ registry, onChanged: () => Promise.resolve(), token });
  let mood: Mood | undefined;
  let asked = 0;
  const wrong = toWrongAnswers(registry);
  const server = createServer((request, response) => {
    asked += 1;
    if (mood === undefined) honest.emit('request', request, response);
    else if (!wrong[mood](request, response)) honest.emit('request', request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    turn: (next) => {
      mood = next;
      // What hangs would be answered by nobody.
      server.closeAllConnections();
    },
    close: () => closeServer(server),
  };
}

/** Each says whether it answered; otherwise the honest platform does. */
function toWrongAnswers(registry: RobotRegistry): Readonly<Record<Mood, (...given: Parameters<Play>) => boolean>> {
  const always =
    (play: Play) =>
    (...given: Parameters<Play>): boolean => {
      play(...given);
      return true;
    };
  const later =
    (play: Play) =>
    (request: IncomingMessage, response: ServerResponse): boolean => {
      if (!(request.url ?? '').includes('cursor=')) return false;
      play(request, response);
      return true;
    };
  const say = (body: unknown) =>
    always((_request, response) => {
      sendJson(response, body);
    });
  const some = () => registry.all().map((robot) => ({ ...robot }));
  return {
    refusing: always((request) => void request.socket.destroy()),
    silent: always(() => undefined),
    dripping: always((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 50);
      response.on('close', () => {
        clearInterval(drip);
      });
    }),
    error: always((_request, response) => void response.writeHead(500).end('{"robots":[]}')),
    html: always((_request, response) => void response.writeHead(200).end('<html>Please log in</html>')),
    noise: always((_request, response) => void response.writeHead(200).end(Buffer.alloc(4096, 0xfe))),
    'error-document': say({ error: 'database is away' }),
    'broken-off': always((_request, response) => {
      response.writeHead(200, { 'content-length': 4096 }).write('{"robots":[{"id":"r-', () => {
        response.destroy();
      });
    }),
    empty: say({ robots: [], total: 0 }),
    few: always((_request, response) => {
      const robots = some().slice(0, Math.ceil(registry.size / 2));
      sendJson(response, { robots, total: robots.length });
    }),
    // The list says how many there are, and ends all the same.
    'first-page-alone': always((_request, response) => {
      sendJson(response, { ...registry.page(undefined, 10), nextCursor: undefined });
    }),
    'second-page-fails': later((_request, response) => void response.writeHead(503).end()),
    circle: later((_request, response) => {
      sendJson(response, registry.page(undefined, 10));
    }),
    // Every second robot has lost its id.
    'foreign-entries': always((_request, response) => {
      sendJson(response, { robots: some().map((robot, index) => (index % 8 === 0 ? { ...robot, id: null } : robot)) });
    }),
  };
}

function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
