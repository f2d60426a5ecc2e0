import { type Log, toMessage } from '@fleetstream/kernel';
import { Redis } from 'ioredis';
import CircuitBreaker from 'opossum';

/** Why a call to Redis came to nothing. */
export type CacheFailure = 'breaker-open' | 'timeout' | 'error';
export type BreakerState = 'closed' | 'half-open' | 'open';

export interface RedisConnectionOptions {
  /** `redis://[user:password@]host:port[/database]` */
  readonly url: string;
  readonly log: Log;
  /** As Redis lists its clients. */
  readonly name: string;
  /** What a caller waits for Redis at most. */
  readonly timeoutMs: number;
  /** How long an open breaker leaves Redis alone before it tries one call. */
  readonly retryMs: number;
  /** What is lost while Redis is away, for the log. */
  readonly withoutIt: string;
}

export interface RedisConnection {
  readonly redis: Redis;
  /** Begins to connect and returns at once. */
  open(): void;
  /** Calls Redis behind the breaker; `undefined` when it came to nothing, and `onFailure` was told why. Never rejects. */
  guard<Value>(call: () => Promise<Value>, onFailure: (reason: CacheFailure) => void): Promise<Value | undefined>;
  /** As `guard`, of a call whose answer says nothing. @returns whether Redis took it */
  tell(call: () => Promise<unknown>, onFailure: (reason: CacheFailure) => void): Promise<boolean>;
  breakerState(): BreakerState;
  close(): void;
  /** For a component that is no more than its connection: begins to connect and returns at once; the result hangs up. */
  start(): Promise<() => Promise<void>>;
}

/** Commands that wait for Redis' answer at most; what comes beyond fails at once. */
const maxCommandsInFlight = 128;

/** One connection to a Redis that is only a cache: nobody waits for it long, and nothing queues for it. */
export function createRedisConnection(options: RedisConnectionOptions): RedisConnection {
  const { log, timeoutMs, retryMs, withoutIt } = options;
  const redis = createClient(options);
  redis.on('error', (thrown: unknown) => {
    log.debug({ reason: toMessage(thrown) }, 'redis: no connection');
  });
  const breaker = createBreaker((call: () => Promise<unknown>) => call(), timeoutMs, retryMs);
  breaker.on('open', () => {
    log.warn({}, `redis does not answer: ${withoutIt} until it does`);
  });
  breaker.on('close', () => {
    log.info({}, 'redis answers again');
  });
  const open = () => {
    // ioredis goes on trying by itself; the first failure is already in the log.
    redis.connect().catch(() => undefined);
  };
  const close = () => {
    breaker.shutdown();
    redis.disconnect();
  };
  const guard: RedisConnection['guard'] = async (call, onFailure) => {
    try {
      return (await breaker.fire(call)) as Awaited<ReturnType<typeof call>>;
    } catch (thrown) {
      onFailure(toFailure(thrown));
      return undefined;
    }
  };
  return {
    ...{ redis, open, guard, close },
    tell: async (call, onFailure) => {
      const taken = await guard(async () => {
        await call();
        return true;
      }, onFailure);
      return taken === true;
    },
    start: () => {
      open();
      return Promise.resolve(() => {
        close();
        return Promise.resolve();
      });
    },
    breakerState: () => (breaker.opened ? 'open' : breaker.halfOpen ? 'half-open' : 'closed'),
  };
}

/** Nothing queues in the client: without a connection a command fails at once, and none is sent a second time. */
function createClient({ url, timeoutMs, name }: RedisConnectionOptions): Redis {
  return new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2000,
    // A peer that went silent without closing would otherwise stay "connected" for minutes.
    socketTimeout: Math.max(2000, 4 * timeoutMs),
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), 2000),
    connectionName: name,
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
