import { randomUUID } from 'node:crypto';
import { silentLog, systemClock } from '@fleetstream/kernel';
import { afterEach, expect, inject, it } from 'vitest';
import { createRateLimit, type RateLimit } from './rate-limit.ts';

const stops: (() => Promise<void>)[] = [];

async function start(url: string, prefix: string): Promise<RateLimit> {
  const limit = createRateLimit({
    ...{ url, prefix, log: silentLog, clock: systemClock, timeoutMs: 5000 },
    // So slow that no pause of the machine pays for one more.
    ...{ perSecond: 1 / 3600, burst: 3 },
  });
  stops.push(await limit.start());
  return limit;
}

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const untilRefused = async (limits: readonly RateLimit[], key: string) => {
  let passed = 0;
  for (let n = 0; ; n++) {
    const waitMs = (await limits[n % limits.length]?.spend(key)) ?? 0;
    if (waitMs > 0) return { passed, waitMs };
    passed += 1;
  }
};

it('is one limit for all instances that share a Redis, and another for each key', async () => {
  const prefix = `test-${randomUUID()}`;
  const limits = [await start(inject('redisUrl'), prefix), await start(inject('redisUrl'), prefix)];
  // Until both have found Redis: then what the one has spent is spent for the other.
  const probe = async ([one, other]: readonly RateLimit[]) => {
    const key = randomUUID();
    for (let n = 0; n < 3; n++) await one?.spend(key);
    return await other?.spend(key);
  };
  for (const pair of [limits, limits.toReversed()]) await expect.poll(() => probe(pair)).toBeGreaterThan(0);
  const { passed, waitMs } = await untilRefused(limits, 'ada');
  expect(passed).toBe(3);
  expect(waitMs).toBeGreaterThan(3_000_000);
  expect(waitMs).toBeLessThanOrEqual(3_600_000);
  expect(await limits[0]?.spend('bob')).toBe(0);
});

it('is one for each instance without Redis', async () => {
  const limits = [await start('redis://127.0.0.1:1', 'a'), await start('redis://127.0.0.1:1', 'a')];
  expect(await untilRefused(limits, 'ada')).toMatchObject({ passed: 6 });
});
