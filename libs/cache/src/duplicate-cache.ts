import { type Log, toMessage } from '@fleetstream/kernel';
import { Redis } from 'ioredis';
import CircuitBreaker from 'opossum';
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

export type CacheFailure = 'breaker-open' | 'timeout' | 'error';
export type BreakerState = 'closed' | 'half-open' | 'open';

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

/** Commands that wait for Redis' answer at most; what comes beyond fails at once. */
const maxCommandsInFlight = 128;

/** One command for any number of keys: a pipeline of SETs costs the client as much per key as this per batch. */
const markScript = "for i = 1, #KEYS do redis.call('SET', KEYS[i], '1', 'EX', ARGV[1]) end";

export function createDuplicateCache(options: DuplicateCacheOptions): DuplicateCache {
  const { log, ttlSeconds = 86_400, timeoutMs = 100, retryMs = 1000, onFailure = () => undefined } = options;
  const redis = createClient(options.url, timeoutMs);
  redis.on('error', (thrown: unknown) => {
    log.debug({ reason: toMessage(thrown) }, 'redis: no connection');
  });
  const breaker = createBreaker((call: () => Promise<unknown>) => call(), timeoutMs, retryMs);
  breaker.on('open', () => {
    log.warn({}, 'redis does not answer: duplicates are not looked up until it does');
  });
  breaker.on('close', () => {
    log.info({}, 'redis answers again');
  });

  const guard = async (operation: 'find' | 'mark', call: () => Promise<unknown>): Promise<unknown> => {
    try {
      return await breaker.fire(call);
    } catch (thrown) {
      onFailure(operation, toFailure(thrown));
      return undefined;
    }
  };
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
      // ioredis goes on trying by itself; the first failure is already in the log.
      redis.connect().catch(() => undefined);
      return Promise.resolve(async () => {
        await joiner.settled();
        breaker.shutdown();
        redis.disconnect();
      });
    },
    findSeen: async (keys) => {
      const seen = await joiner.find(keys.map((key) => prefix + key));
      return new Set(keys.filter((key) => seen.has(prefix + key)));
    },
    markSeen: (keys) => {
      joiner.mark(keys.map((key) => prefix + key));
    },
    breakerState: () => (breaker.opened ? 'open' : breaker.halfOpen ? 'half-open' : 'closed'),
  };
}

/** Nothing queues in the client: without a connection a command fails at once, and none is sent a second time. */
function createClient(url: string, timeoutMs: number): Redis {
  return new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2000,
    // A peer that went silent without closing would otherwise stay "connected" for minutes.
    socketTimeout: Math.max(2000, 4 * timeoutMs),
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), 2000),
    connectionName: 'fleetstream-duplicates',
  });
}

function createBreaker(
  action: (call: () => Promise<unknown>) => Promise<unknown>,
  timeoutMs: number,
  retryMs: number,
): CircuitBreaker<[() => Promise<unknown>]> {
  return new CircuitBreaker(action, {
    name: 'redis',
    timeout: timeoutMs,
    resetTimeout: retryMs,
    errorThresholdPercentage: 50,
    // One late answer among few is no outage.
    volumeThreshold: 5,
    rollingCountTimeout: 5000,
    rollingCountBuckets: 5,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
    capacity: maxCommandsInFlight,
  });
}

function toFailure(thrown: unknown): CacheFailure {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (code === 'EOPENBREAKER' || code === 'ESHUTDOWN') return 'breaker-open';
  return code === 'ETIMEDOUT' ? 'timeout' : 'error';
}
