import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { silentLog } from '@fleetstream/kernel';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLiveStates, type LiveStates } from './live-states.ts';

const asOf = { partition: 1, offset: 7, logTimeMs: 9 };
const stateOf = (robotId: string) => ({
  ...{ robotId, identity: { fleet: 'a' }, presence: { status: 'online' }, reported: {}, errors: [] },
  published: { revision: 3 },
});

let server: Server;
let asked: string[];
let status: number;
let nowMs: number;
let live: LiveStates;
let stop: () => Promise<void>;

/** A processor that knows all robots but `nobody`. */
beforeEach(async () => {
  [asked, status, nowMs] = [[], 200, 1000];
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://here');
    asked.push(url.pathname + url.search);
    const [, , , one] = url.pathname.split('/');
    const ids = url.searchParams.get('ids')?.split(',') ?? [];
    const robots = ids.filter((id) => id !== 'nobody').map((id) => ({ robotId: id, partition: 1, state: stateOf(id) }));
    const body = one === undefined ? { robots, asOf: [asOf] } : { state: stateOf(one), asOf };
    response.writeHead(one === 'nobody' ? 404 : status).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  live = createLiveStates({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ token: 't', timeoutMs: 10_000, log: silentLog, clock: { nowMs: () => nowMs, monotonicMs: () => nowMs } },
  });
  stop = await live.start();
});

afterEach(async () => {
  await stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

it('asks for a page of robots by one question, and answers in its order', async () => {
  const answers = await live.findAll(['b', 'nobody', 'a']);
  expect(answers.map((answer) => (answer.kind === 'live' ? answer.live.state.robotId : answer.kind))).toEqual([
    ...['b', 'unknown', 'a'],
  ]);
  expect(answers[0]).toMatchObject({ live: { asOf }, ageMs: 0 });
  expect(asked).toEqual(['/v1/robots?ids=b,nobody,a']);
  expect(await live.findAll([])).toEqual([]);
  expect(asked).toHaveLength(1);
});

it('serves what was known last, and says how old it is, while the processor is away', async () => {
  await live.findAll(['a']);
  status = 503;
  nowMs += 500;
  expect(await live.findAll(['a', 'new'])).toMatchObject([
    { kind: 'away', ageMs: 500, live: { state: { robotId: 'a' } } },
    { kind: 'away', live: undefined },
  ]);
  expect(await live.find('a')).toMatchObject({ kind: 'away', ageMs: 500 });
});

it('tells a robot that nobody knows from one that nobody can say anything of', async () => {
  expect(await live.find('nobody')).toEqual({ kind: 'unknown' });
  expect(await live.placeOf('a')).toMatchObject({ fleet: 'a' });
  expect(live.knownPlaceOf('b')).toBeUndefined();
});
