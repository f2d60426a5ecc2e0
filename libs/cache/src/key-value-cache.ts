import { type Log } from '@fleetstream/kernel';
import { type BreakerState, type CacheFailure, createRedisConnection } from './redis-connection.ts';

export interface KeyValueCacheOptions {
  /** `redis://[user:password@]host:port[/database]` */
  readonly url: string;
  readonly log: Log;
  /** Before every key, so that several users of one Redis don't meet. */
  readonly prefix: string;
  /** What a caller waits for Redis at most, in milliseconds. */
  readonly timeoutMs: number;
  /** How long an open breaker leaves Redis alone before it tries one call; 1 s by default. */
  readonly retryMs?: number;
  /** What is lost while Redis is away, as the log should say it. */
  readonly withoutIt: string;
  readonly onFailure?: (operation: 'get' | 'set' | 'claim', reason: CacheFailure) => void;
}

export type Claim =
  | { readonly kind: 'claimed' }
  /** Somebody was first; with the value that was claimed then. */
  | { readonly kind: 'taken'; readonly value: string }
  /** Redis did not say. */
  | { readonly kind: 'unknown' };

/** Texts for a while, shared by all instances, in Redis. Only a cache: without Redis nothing is known, and nobody waits. */
export interface KeyValueCache {
  readonly name: string;
  /** Begins to connect and returns at once; the result hangs up. */
  start(): Promise<() => Promise<void>>;
  /** `undefined` when there is none or Redis did not say. Never rejects. */
  get(key: string): Promise<string | undefined>;
  /** Never rejects. */
  set(key: string, value: string, ttlSeconds: number): Promise<void>;
  /** Sets the value unless the key has one, in one step: of several instances one is first. Never rejects. */
  claim(key: string, value: string, ttlSeconds: number): Promise<Claim>;
  breakerState(): BreakerState;
}

/** `SET … NX GET` in one step needs Redis 7; this does the same on any. */
const claimScript =
  "local value = redis.call('GET', KEYS[1]) if value then return value end redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) return ''";

export function createKeyValueCache(options: KeyValueCacheOptions): KeyValueCache {
  const { url, log, prefix, timeoutMs, retryMs = 1000, withoutIt, onFailure = () => undefined } = options;
  const connection = createRedisConnection({ url, log, name: `fleetstream-${prefix}`, timeoutMs, retryMs, withoutIt });
  const { redis } = connection;
  const toKey = (key: string) => `${prefix}:${key}`;
  const failed = (operation: 'get' | 'set' | 'claim') => (reason: CacheFailure) => {
    onFailure(operation, reason);
  };
  return {
    name: `${prefix}-cache`,
    start: () => connection.start(),
    get: async (key) => (await connection.guard(() => redis.get(toKey(key)), failed('get'))) ?? undefined,
    set: async (key, value, ttlSeconds) => {
      await connection.guard(() => redis.set(toKey(key), value, 'EX', ttlSeconds), failed('set'));
    },
    claim: async (key, value, ttlSeconds) => {
      const script = () => redis.eval(claimScript, 1, toKey(key), value, ttlSeconds);
      const before = await connection.guard(script, failed('claim'));
      if (typeof before !== 'string') return { kind: 'unknown' };
      return before === '' ? { kind: 'claimed' } : { kind: 'taken', value: before };
    },
    breakerState: () => connection.breakerState(),
  };
}
