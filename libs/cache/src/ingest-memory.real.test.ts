import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@fleetstream/kernel';
import { findFreePort, type LocalProcess, startRedis } from '@fleetstream/local';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createIngestMemory, type EventKey, type IngestMemory } from './ingest-memory.ts';
import { createFoldProgressBoard } from './fold-progress-board.ts';

/** Between the cache and Redis: lets a test hold back every byte, as a dead network does, without closing anything. */
class StallingProxy {
  #stalled = false;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(target: number) {
    this.#server = createServer((near) => {
      const far = connect(target, '127.0.0.1');
      for (const [from, to] of [[near, far] as const, [far, near] as const]) {
        this.#sockets.add(from);
        from.on('error', () => to.destroy()).on('close', () => to.destroy());
        from.on('data', (bytes) => to.write(bytes));
        if (this.#stalled) from.pause();
      }
    });
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
  }

  stall(stalled: boolean): void {
    this.#stalled = stalled;
    for (const socket of this.#sockets) {
      if (stalled) socket.pause();
      else socket.resume();
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

let directory: string;
let redis: LocalProcess;
let redisPort: number;
let proxy: StallingProxy;
let memory: IngestMemory;
let stop: () => Promise<void>;
let failures: string[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fleetstream-cache-'));
  redisPort = await findFreePort();
  redis = await startRedis({ dataDir: directory, port: redisPort, logFile: join(directory, 'log') });
  const port = await findFreePort();
  proxy = new StallingProxy(redisPort);
  await proxy.listen(port);
  failures = [];
  memory = createIngestMemory({
    url: `redis://127.0.0.1:${port}`,
    log: silentLog,
    timeoutMs: 50,
    retryMs: 200,
    ttlSeconds: 1,
    onFailure: (operation, reason) => failures.push(`${operation} ${reason}`),
  });
  stop = await memory.start();
  await recovered();
  failures.length = 0;
});

afterEach(async () => {
  await stop();
  await proxy.close();
  await redis.kill();
  rmSync(directory, { recursive: true, force: true });
});

const robotId = 'r-1';
const byId = (id: string): EventKey => ({ id });
const bySequence = (sequence: number, bootid = 'b'): EventKey => ({ id: `e-${sequence}`, bootid, sequence });

async function findSeen(
  cache: IngestMemory,
  events: readonly EventKey[],
  robot = robotId,
): Promise<readonly boolean[]> {
  const question = { robotId: robot, fleet: 'f', events, ranks: events.map(() => 3 as const) };
  return (await cache.recall(question))?.seen ?? events.map(() => false);
}

/** Until a mark is found again, which only a memory that works does. */
async function recovered(of = memory): Promise<void> {
  const deadline = Date.now() + 15_000;
  for (let n = 0; ; n++) {
    of.mark('probe', [byId(`probe-${n}`)]);
    if ((await findSeen(of, [byId(`probe-${n}`)], 'probe'))[0] === true) return;
    if (Date.now() > deadline) throw new Error('did not recover');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function timed(calls: number): Promise<{ tookMs: number; found: number }> {
  const startedMs = performance.now();
  let found = 0;
  for (let n = 0; n < calls; n++) if ((await findSeen(memory, [byId('k')]))[0] === true) found += 1;
  return { tookMs: performance.now() - startedMs, found };
}

/** Patient, for what it answers is at stake and not how quickly. */
async function startPatient(options: Partial<Parameters<typeof createIngestMemory>[0]> = {}) {
  const patient = createIngestMemory({ url: redis.address, log: silentLog, timeoutMs: 10_000, ...options });
  const stopPatient = await patient.start();
  await recovered(patient);
  return { patient, stopPatient };
}

describe('createIngestMemory', () => {
  it('knows what was marked by id and by sequence, only that, and only for its time to live', async () => {
    const { patient, stopPatient } = await startPatient({ ttlSeconds: 3 });
    const ids = Array.from({ length: 900 }, (_, index) => byId(`many-${index}`));
    const sequences = [0, 1, 8191, 8192, 3_000_000, Number.MAX_SAFE_INTEGER].map((sequence) => bySequence(sequence));
    patient.mark(robotId, [...ids, ...sequences]);
    expect(await findSeen(patient, [...ids, ...sequences])).not.toContain(false);
    const others = [byId('x'), bySequence(2), bySequence(8190), bySequence(1, 'another'), bySequence(3_000_001)];
    expect(await findSeen(patient, others)).not.toContain(true);
    expect(await findSeen(patient, [byId('many-1'), bySequence(1)], 'r-2')).toEqual([false, false]);
    await new Promise((resolve) => setTimeout(resolve, 4200));
    expect(await findSeen(patient, [...ids, ...sequences])).not.toContain(true);
    await stopPatient();
  });

  it('goes by the sequence where there is one, as the fold does, and tells a robot from its namesake with a slash', async () => {
    const { patient, stopPatient } = await startPatient();
    patient.mark('a', [{ id: 'same', bootid: 'b/1', sequence: 7 }]);
    expect(
      await findSeen(
        patient,
        [{ id: 'other', bootid: 'b/1', sequence: 7 }, { id: 'same', bootid: 'b/1', sequence: 8 }, byId('same')],
        'a',
      ),
    ).toEqual([true, false, false]);
    await stopPatient();
  });

  it('keeps no more than a bounded part of what a robot with a wild counter says', async () => {
    const { patient, stopPatient } = await startPatient();
    const wild = Array.from({ length: 300 }, (_, index) => bySequence(index * 1_000_000));
    patient.mark(robotId, wild);
    patient.mark(
      robotId,
      Array.from({ length: 3000 }, (_, index) => byId(`w-${index}`)),
    );
    expect((await findSeen(patient, wild)).filter(Boolean)).toHaveLength(128);
    const ids = Array.from({ length: 3000 }, (_, index) => byId(`w-${index}`));
    expect((await findSeen(patient, ids)).filter(Boolean)).toHaveLength(1024);
    await stopPatient();
  });

  it("empties a robot's bucket from the bottom, and never for what is urgent", async () => {
    const { patient, stopPatient } = await startPatient({ robotBucket: { perSecond: 0.001, burst: 10 } });
    const ask = async (n: number, rank: 0 | 1 | 2 | 3) => {
      const events = Array.from({ length: n }, (_, index) => byId(`${rank}-${index}`));
      return await patient.recall({ robotId, fleet: 'f', events, ranks: events.map(() => rank) });
    };
    expect((await ask(9, 3))?.worstRank).toBe(3);
    expect((await ask(1, 3))?.worstRank).toBe(2);
    expect((await ask(2, 2))?.worstRank).toBe(2);
    expect(await ask(1, 2)).toMatchObject({ worstRank: 1, bucket: 'robot' });
    expect((await ask(5, 0))?.worstRank).toBe(1);
    await stopPatient();
  });

  it('tells what processors published of the boots asked for, and only of those', async () => {
    const { patient, stopPatient } = await startPatient();
    const board = createFoldProgressBoard({ url: redis.address, log: silentLog, timeoutMs: 10_000 });
    const stopBoard = await board.start();
    const publish = (boots: readonly string[]) =>
      board.publish([{ robotId, boots: boots.map((bootid) => ({ bootid, text: `{"bootid":"${bootid}"}` })) }]);
    while (!(await publish(['b', 'c']))) await new Promise((resolve) => setTimeout(resolve, 25));
    const ask = async () =>
      (await patient.recall({ robotId, fleet: 'f', events: [bySequence(1), bySequence(1, 'd')], ranks: [3, 3] }))
        ?.folded;
    expect(await ask()).toEqual(['{"bootid":"b"}']);
    // What isn't in the newest report is gone.
    await publish(['d']);
    expect(await ask()).toEqual(['{"bootid":"d"}']);
    expect(await board.publishLag([{ partition: 3, records: 7, drainMs: 12.6 }], 1000)).toBe(true);
    expect(await board.readLags(1500, 1000)).toEqual([{ partition: 3, records: 7, drainMs: 13 }]);
    expect(await board.readLags(2500, 1000)).toEqual([]);
    await stopBoard();
    await stopPatient();
  });

  it('finds nothing and says so at once while Redis is down, and recovers by itself', async () => {
    await redis.kill();
    const { tookMs, found } = await timed(200);
    expect(found).toBe(0);
    expect(tookMs).toBeLessThan(1000);
    expect(memory.breakerState()).toBe('open');
    expect(new Set(failures)).toEqual(new Set(['find error', 'find breaker-open']));
    redis = await startRedis({ dataDir: directory, port: redisPort, logFile: join(directory, 'log') });
    await recovered();
    expect(memory.breakerState()).toBe('closed');
  });

  it('makes nobody wait for a Redis that went silent, and recovers by itself', async () => {
    proxy.stall(true);
    const { tookMs, found } = await timed(200);
    expect(found).toBe(0);
    // Those before the breaker opens wait for the time-out, the rest not at all.
    expect(tookMs).toBeLessThan(2000);
    expect(failures).toContain('find timeout');
    expect(failures).toContain('find breaker-open');
    proxy.stall(false);
    await recovered();
  });

  it('leaves a connection that stays silent and recovers on a new one', async () => {
    proxy.stall(true);
    await timed(10);
    // Longer than the cache lets a socket be silent; what it connects anew meanwhile is silent too.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    await timed(10);
    proxy.stall(false);
    await recovered();
  });

  it('starts without Redis', async () => {
    const lonely = createIngestMemory({ url: 'redis://127.0.0.1:1', log: silentLog });
    const stopLonely = await lonely.start();
    expect(await findSeen(lonely, [byId('a')])).toEqual([false]);
    await stopLonely();
  });
});
