import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@fleetstream/kernel';
import { findFreePort, type LocalProcess, startRedis } from '@fleetstream/local';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDuplicateCache, type DuplicateCache } from './duplicate-cache.ts';

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
let cache: DuplicateCache;
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
  cache = createDuplicateCache({
    url: `redis://127.0.0.1:${port}`,
    log: silentLog,
    timeoutMs: 50,
    retryMs: 200,
    ttlSeconds: 1,
    onFailure: (operation, reason) => failures.push(`${operation} ${reason}`),
  });
  stop = await cache.start();
  await recovered();
  failures.length = 0;
});

afterEach(async () => {
  await stop();
  await proxy.close();
  await redis.kill();
  rmSync(directory, { recursive: true, force: true });
});

/** Until a mark is found again, which only a cache that works does. */
async function recovered(): Promise<void> {
  const deadline = Date.now() + 15_000;
  for (let n = 0; ; n++) {
    cache.markSeen([`probe-${n}`]);
    if ((await cache.findSeen([`probe-${n}`])).size === 1) return;
    if (Date.now() > deadline) throw new Error('did not recover');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function timed(calls: number): Promise<{ tookMs: number; found: number }> {
  const startedMs = performance.now();
  let found = 0;
  for (let n = 0; n < calls; n++) found += (await cache.findSeen(['k'])).size;
  return { tookMs: performance.now() - startedMs, found };
}

describe('createDuplicateCache', () => {
  it('finds what was marked, thousands too, only that, and only for its time to live', async () => {
    // Patient, for what it finds is at stake here and not how quickly.
    const patient = createDuplicateCache({ url: redis.address, log: silentLog, timeoutMs: 10_000, ttlSeconds: 3 });
    const stopPatient = await patient.start();
    while ((await patient.findSeen(['probe'])).size === 0) {
      patient.markSeen(['probe']);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    const keys = Array.from({ length: 3500 }, (_, index) => `many-${index}`);
    patient.markSeen(keys);
    expect([...(await patient.findSeen(['x', ...keys]))]).toEqual(keys);
    await new Promise((resolve) => setTimeout(resolve, 3200));
    expect((await patient.findSeen(keys)).size).toBe(0);
    await stopPatient();
  });

  it('finds nothing and says so at once while Redis is down, and recovers by itself', async () => {
    await redis.kill();
    const { tookMs, found } = await timed(200);
    expect(found).toBe(0);
    expect(tookMs).toBeLessThan(1000);
    expect(cache.breakerState()).toBe('open');
    expect(new Set(failures)).toEqual(new Set(['find error', 'find breaker-open']));
    redis = await startRedis({ dataDir: directory, port: redisPort, logFile: join(directory, 'log') });
    await recovered();
    expect(cache.breakerState()).toBe('closed');
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
    const lonely = createDuplicateCache({ url: 'redis://127.0.0.1:1', log: silentLog });
    const stopLonely = await lonely.start();
    expect((await lonely.findSeen(['a'])).size).toBe(0);
    await stopLonely();
  });
});
