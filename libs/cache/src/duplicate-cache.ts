import { type Log } from '@fleetstream/kernel';
import { type BreakerState, type CacheFailure, createRedisConnection } from './redis-connection.ts';
import { createTurnJoiner } from './turn-joiner.ts';

export interface DuplicateCacheOptions {
  /** `redis://[user:password@]host:port[/database]` */
  readonly url: string;
  readonly log: Log;
  /** How long a key counts as seen; a day by default. */
  readonly ttlSeconds?: number;
  /** What a caller waits for Redis at most; 100 ms by default. */
  readonly timeoutMs?: number;
  /** How long an open breaker leaves Redis alone before it tries one call; 1 s by default. */
  readonly retryMs?: number;
  /** Told of every call to Redis that came to nothing, including those the open breaker didn't let through. */
  readonly onFailure?: (operation: 'find' | 'mark', reason: CacheFailure) => void;
}

/**
 * Remembers keys for a while, in Redis. Only a cache: without Redis nothing counts as seen, nothing is remembered, and
 * nobody waits. Whoever needs exact answers dedups elsewhere.
 */
export interface DuplicateCache {
  readonly name: string;
  /** Begins to connect and returns at once; the result hangs up. */
  start(): Promise<() => Promise<void>>;
  /** Those of the keys that were marked within the last `ttlSeconds`, as far as is known. Never rejects. */
  findSeen(keys: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Marks keys, without an answer: later lookups of this process see them. Call it only after what the keys stand for
   * is safe: a mark made before would turn the repetition of a lost event into a "duplicate", which is its second loss.
   */
  markSeen(keys: readonly string[]): void;
  breakerState(): BreakerState;
}

const prefix = 'dup:';

/** Keys in one command at most: a longer one would hold up Redis' only thread. */
const maxKeysPerCommand = 1000;

/** One command for any number of keys: a pipeline of SETs costs the client as much per key as this per batch. */
const markScript = "for i = 1, #KEYS do redis.call('SET', KEYS[i], '1', 'EX', ARGV[1]) end";

export function createDuplicateCache(options: DuplicateCacheOptions): DuplicateCache {
  const { log, ttlSeconds = 86_400, timeoutMs = 100, retryMs = 1000, onFailure = () => undefined } = options;
  const connection = createRedisConnection({
    url: options.url,
    log,
    name: 'fleetstream-duplicates',
    timeoutMs,
    retryMs,
    withoutIt: 'duplicates are not looked up',
  });
  const { redis } = connection;
  const guard = (operation: 'find' | 'mark', call: () => Promise<unknown>): Promise<unknown> =>
    connection.guard(call, (reason) => {
      onFailure(operation, reason);
    });
  const joiner = createTurnJoiner({
    maxKeys: maxKeysPerCommand,
    mark: (keys) => guard('mark', () => redis.eval(markScript, keys.length, ...keys, ttlSeconds)),
    find: async (keys) => {
      const values = await guard('find', () => redis.mget(...keys));
      return new Set(Array.isArray(values) ? keys.filter((_, index) => values[index] != null) : []);
    },
  });

  return {
    name: 'duplicate-cache',
    start: () => {
      connection.open();
      return Promise.resolve(async () => {
        await joiner.settled();
        connection.close();
      });
    },
    findSeen: async (keys) => {
      const seen = await joiner.find(keys.map((key) => prefix + key));
      return new Set(keys.filter((key) => seen.has(prefix + key)));
    },
    markSeen: (keys) => {
      joiner.mark(keys.map((key) => prefix + key));
    },
    breakerState: () => connection.breakerState(),
  };
}
