import { type Clock, type Log } from '@fleetstream/kernel';
import { createCachedScript } from './cached-script.ts';
import { type CacheFailure, createRedisConnection } from './redis-connection.ts';

export interface RateLimitOptions {
  readonly url: string;
  readonly log: Log;
  readonly clock: Clock;
  /** Before every key. */
  readonly prefix: string;
  readonly timeoutMs: number;
  /** How many a second in the long run. */
  readonly perSecond: number;
  /** How many at once after a pause. */
  readonly burst: number;
  readonly onFailure?: (reason: CacheFailure) => void;
}

/** How much each of many may ask for, over all instances while Redis is there, per instance while it is not. */
export interface RateLimit {
  readonly name: string;
  start(): Promise<() => Promise<void>>;
  /** @returns 0 when it may go on, else after how many milliseconds to come again. Never rejects. */
  spend(key: string): Promise<number>;
}

/**
 * The generic cell rate algorithm: one number per key, the moment at which everything asked for will have been paid. In
 * Redis' own time, so that the clocks of instances don't matter.
 */
const spendScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local paid = math.max(tonumber(redis.call('GET', ARGV[1]) or now), now) + tonumber(ARGV[2])
local wait = math.ceil(paid - tonumber(ARGV[3]) - now)
if wait > 0 then return wait end
redis.call('SET', ARGV[1], paid, 'PX', math.ceil(paid - now))
return 0`;

/** Keys kept here; the one that was asked of longest ago is forgotten first. */
const localMax = 10_000;

export function createRateLimit(options: RateLimitOptions): RateLimit {
  const { url, log, clock, prefix, timeoutMs, perSecond, burst, onFailure = () => undefined } = options;
  const connection = createRedisConnection({
    ...{ url, log, name: `fleetstream-${prefix}`, timeoutMs, retryMs: 1000 },
    withoutIt: 'each instance counts for itself',
  });
  const script = createCachedScript(connection.redis, spendScript);
  const costMs = 1000 / perSecond;
  const spendHere = createLocalLimit(clock, costMs, costMs * burst);
  return {
    name: `${prefix}-rate-limit`,
    start: () => connection.start(),
    spend: async (key) => {
      const args = [`${prefix}:${key}`, String(costMs), String(costMs * burst)];
      const waitMs = await connection.guard(() => script(args), onFailure);
      return typeof waitMs === 'number' ? waitMs : spendHere(key);
    },
  };
}

function createLocalLimit(clock: Clock, costMs: number, burstMs: number): (key: string) => number {
  const paidAt = new Map<string, number>();
  return (key) => {
    const nowMs = clock.monotonicMs();
    const paidMs = Math.max(paidAt.get(key) ?? nowMs, nowMs) + costMs;
    const waitMs = Math.ceil(paidMs - burstMs - nowMs);
    if (waitMs > 0) return waitMs;
    paidAt.delete(key);
    paidAt.set(key, paidMs);
    const oldest = paidAt.size <= localMax ? undefined : paidAt.keys().next().value;
    if (oldest !== undefined) paidAt.delete(oldest);
    return 0;
  };
}
