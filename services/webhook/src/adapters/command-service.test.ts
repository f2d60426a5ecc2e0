import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { silentLog } from '@fleetstream/kernel';
import { createRobotKeys, signatureHeaders, verifyContent } from '@fleetstream/signing';
import { afterEach, expect, it } from 'vitest';
import { type CommandsOutcome, createCommandService } from './command-service.ts';

const keys = createRobotKeys(Buffer.alloc(32, 3), [1]);
let server: Server | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
});

async function start(answer: RequestListener, timeoutMs = 10_000) {
  const seen: IncomingMessage[] = [];
  server = createServer((request, response) => {
    seen.push(request);
    answer(request, response);
  });
  const listening = server;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const outcomes: CommandsOutcome[] = [];
  let nowMs = 0;
  const service = createCommandService({
    url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}/below`,
    ...{ timeoutMs, keys, log: silentLog, clock: { nowMs: () => 5_000, monotonicMs: () => nowMs } },
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { fetch: service.fetch.bind(service), seen, outcomes, pass };
}

const says =
  (body: string, type = 'application/json'): RequestListener =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': type }).end(body);
  };

const refuses: RequestListener = (_request, response) => {
  response.writeHead(503).end('{}');
};

it('polls as the robot, signed with its key, and hands on what it gets as it is', async () => {
  const { fetch, seen, outcomes } = await start(says('{"orders":[1],"instantActions":[]}', 'application/vnd.x+json'));
  expect(await fetch('a:b', 'application/vnd.x+json')).toBe(',"orders":[1],"instantActions":[]');
  const [{ url = '', headers } = expect.unreachable()] = seen;
  expect({ url, accept: headers.accept }).toEqual({
    url: '/below/v1/robots/a%3Ab/commands?waitSeconds=0',
    accept: 'application/vnd.x+json',
  });
  const content = {
    id: String(headers[signatureHeaders.id]),
    timestamp: String(headers[signatureHeaders.timestamp]),
    body: Buffer.from(url),
  };
  expect(verifyContent(keys.secretsOf('a:b'), content, String(headers[signatureHeaders.signature]))).toBe(true);
  expect(outcomes).toEqual(['commands']);
});

it('says nothing when the robot has nothing to do after all', async () => {
  const { fetch, outcomes } = await start(says('{"commands":[]}'));
  expect(await fetch('r', undefined)).toBe('');
  expect(outcomes).toEqual(['none']);
});

it.each<{ name: string; answer: RequestListener; timeoutMs?: number }>([
  { name: 'refuses', answer: refuses },
  { name: 'is a page of a proxy', answer: says('<html>', 'text/html') },
  { name: 'says what is no object', answer: says('[1]') },
  { name: 'does not answer in time', answer: () => undefined, timeoutMs: 1000 },
])('a service that $name is left alone for a moment', async ({ answer, timeoutMs }) => {
  const { fetch, seen, outcomes, pass } = await start(answer, timeoutMs);
  expect(await fetch('r', undefined)).toBeUndefined();
  expect(await fetch('r', undefined)).toBeUndefined();
  expect(seen).toHaveLength(1);
  pass(1000);
  expect(await fetch('r', undefined)).toBeUndefined();
  expect(seen).toHaveLength(2);
  expect(outcomes).toEqual(['failed', 'skipped', 'failed']);
});

it('is asked by 64 robots at once at most', async () => {
  const held: (() => void)[] = [];
  const { fetch, outcomes } = await start((request, response) => {
    held.push(() => {
      says('{"commands":[]}')(request, response);
    });
  });
  const asked = Array.from({ length: 64 }, (_, n) => fetch(`r-${n}`, undefined));
  expect(await fetch('r-64', undefined)).toBeUndefined();
  expect(outcomes).toEqual(['skipped']);
  await expect.poll(() => held.length, { timeout: 20_000 }).toBe(64);
  for (const answer of held) answer();
  expect(await Promise.all(asked)).toEqual(Array.from({ length: 64 }, () => ''));
});
