import { setTimeout as sleep } from 'node:timers/promises';
import { type Log } from '@fleetstream/kernel';
import { createRedisConnection, type RedisConnection } from './redis-connection.ts';

export interface SharedTableOptions {
  /** `redis://[user:password@]host:port[/database]` */
  readonly url: string;
  readonly log: Log;
  /** Of the table, before its keys in Redis. */
  readonly table: string;
  /** How often Redis is asked for changes; half a second by default. */
  readonly refreshMs?: number;
  /** What is out of date while Redis is away, as the log should say it. */
  readonly withoutIt: string;
  /** Told of every entry at the start, and of each that changes, the newest text of it. */
  readonly onEntry: (name: string, text: string) => void;
}

/**
 * A small table in Redis that every instance keeps a copy of: to look something up costs no call. Changes arrive within
 * `refreshMs`. With Redis away the copy stays as it was; with Redis emptied the instances put back what they know, so a
 * revocation survives the loss of a cache as long as one instance lives.
 *
 * Asked for again and again rather than told by pub/sub: a message can be lost, so asking would be needed besides.
 */
export interface SharedTable {
  readonly name: string;
  /** Begins to follow, and waits a little for the first answer; the result ends it. */
  start(): Promise<() => Promise<void>>;
  /** Since the copy was last known to be current, in milliseconds; `undefined` before the first time. */
  ageMs(): number | undefined;
}

/** Entries that a table may have: each instance holds them all. */
const sharedTableEntriesMax = 100_000;
const entriesPerCall = 500;
const timeoutMs = 2000;
/** What a start waits for Redis; without it the copy is empty, and `ageMs` says so. */
const firstReadMs = 2000;

/**
 * The revision of the table, since when it is there (nothing when a part of it is gone), and what changed after a
 * revision, oldest first. Touched, because this Redis may drop what is least used.
 */
const changesScript = `
local revision = tonumber(redis.call('GET', KEYS[1]) or '0')
local names = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', '0', ARGV[2])
redis.call('TOUCH', KEYS[3])
local whole = redis.call('HLEN', KEYS[3]) == redis.call('ZCARD', KEYS[2])
local answer = { revision, whole and redis.call('GET', KEYS[4]) or '' }
for i = 1, #names, 2 do
  answer[#answer + 1] = names[i]
  answer[#answer + 1] = names[i + 1]
  answer[#answer + 1] = redis.call('HGET', KEYS[3], names[i]) or '{}'
end
return answer`;

/** Writes entries under a revision each. ARGV: 1 to leave what is there alone, the most entries, names and texts. */
const writeScript = `
local revision = tonumber(redis.call('GET', KEYS[1]) or '0')
if redis.call('EXISTS', KEYS[4]) == 0 then
  local time = redis.call('TIME')
  redis.call('SET', KEYS[4], time[1] .. '.' .. time[2])
end
local fresh = 0
for i = 3, #ARGV, 2 do fresh = fresh + 1 - redis.call('HEXISTS', KEYS[3], ARGV[i]) end
if redis.call('HLEN', KEYS[3]) + fresh > tonumber(ARGV[2]) then return -1 end
for i = 3, #ARGV, 2 do
  revision = revision + 1
  if ARGV[1] == '0' or redis.call('HEXISTS', KEYS[3], ARGV[i]) == 0 then redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
  redis.call('ZADD', KEYS[2], revision, ARGV[i])
end
redis.call('SET', KEYS[1], revision)
return revision`;

export function createSharedTable(options: SharedTableOptions): SharedTable {
  const connection = createRedisConnection({
    url: options.url,
    log: options.log,
    name: `fleetstream-${options.table}`,
    timeoutMs,
    retryMs: 1000,
    withoutIt: options.withoutIt,
  });
  const follower = new Follower(connection, options);
  const stop = new AbortController();
  return {
    name: `${options.table}-table`,
    start: async () => {
      connection.open();
      const following = follower.follow(stop.signal);
      await Promise.race([follower.firstRead, sleep(firstReadMs, undefined, { ref: false })]);
      return async () => {
        stop.abort();
        await following;
        connection.close();
      };
    },
    ageMs: () => follower.ageMs(),
  };
}

class Follower {
  readonly #connection: RedisConnection;
  readonly #options: SharedTableOptions;
  readonly #known = new Map<string, string>();
  #revision = 0;
  /** Since when the table is there that the copy was read from; empty before there is one. */
  #since = '';
  #currentAtMs: number | undefined;
  readonly #first = Promise.withResolvers<undefined>();

  constructor(connection: RedisConnection, options: SharedTableOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** Resolves when the copy is whole for the first time. */
  get firstRead(): Promise<undefined> {
    return this.#first.promise;
  }

  ageMs(): number | undefined {
    return this.#currentAtMs === undefined ? undefined : performance.now() - this.#currentAtMs;
  }

  async follow(signal: AbortSignal): Promise<void> {
    const { refreshMs = 500 } = this.#options;
    while (!signal.aborted) {
      const done = await this.#refresh();
      // A whole table is read without pauses; only the first connection is waited for less than a round.
      const pauseMs = done === 'more' ? 0 : this.#currentAtMs === undefined ? Math.min(50, refreshMs) : refreshMs;
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** One question to Redis: whether there is more to ask at once, everything is current, or Redis did not say. */
  async #refresh(): Promise<'more' | 'current' | 'unknown'> {
    const startedMs = performance.now();
    const answer = await this.#call(changesScript, [String(this.#revision), String(entriesPerCall)]);
    if (!Array.isArray(answer)) return 'unknown';
    const [revision, since, ...changes] = answer as unknown as readonly [number, string, ...string[]];
    if (since !== this.#since && this.#known.size > 0) {
      await this.#putBack();
      return 'more';
    }
    this.#since = since;
    for (let at = 0; at + 2 < changes.length; at += 3) {
      const [name = '', score = '0', text = '{}'] = changes.slice(at, at + 3);
      this.#revision = Math.max(this.#revision, Number(score));
      if (this.#known.get(name) === text) continue;
      this.#known.set(name, text);
      this.#options.onEntry(name, text);
    }
    if (changes.length >= 3 * entriesPerCall) return 'more';
    this.#revision = Math.max(this.#revision, revision);
    this.#currentAtMs = startedMs;
    this.#first.resolve(undefined);
    return 'current';
  }

  /** The table is another than was read, or none: Redis was emptied. What it has learned since is newer than what we remember. */
  async #putBack(): Promise<void> {
    this.#options.log.warn(
      { entries: this.#known.size },
      `redis lost the table ${this.#options.table}: putting it back`,
    );
    const entries = [...this.#known];
    for (let from = 0; from < entries.length; from += entriesPerCall) {
      const part = entries.slice(from, from + entriesPerCall).flat();
      await this.#call(writeScript, ['1', String(sharedTableEntriesMax), ...part]);
    }
    // Read whole: another instance may have put back more, and somebody may have written meanwhile.
    this.#revision = 0;
    const answer = await this.#call(changesScript, ['0', '0']);
    if (Array.isArray(answer)) this.#since = String(answer[1]);
  }

  async #call(script: string, args: readonly string[]): Promise<unknown> {
    const { redis } = this.#connection;
    const keys = keysOf(this.#options.table);
    return await this.#connection.guard(
      () => redis.eval(script, keys.length, ...keys, ...args),
      () => undefined,
    );
  }
}

export interface SharedTableWriter {
  /** Writes entries, whole. @returns the revision that pods have to reach; `undefined` when Redis did not say */
  write(entries: readonly (readonly [name: string, text: string])[]): Promise<number | 'full' | undefined>;
  /** Every entry, in no order; `undefined` when Redis did not say. */
  read(): Promise<ReadonlyMap<string, string> | undefined>;
  read(name: string): Promise<string | undefined>;
  close(): void;
}

/** For those who change the table: operators' tools. Waits for the connection once. */
export async function openSharedTable(url: string, table: string, log: Log): Promise<SharedTableWriter> {
  const connection = createRedisConnection({
    url,
    log,
    name: `fleetstream-${table}-writer`,
    timeoutMs,
    retryMs: 1000,
    withoutIt: 'nothing is written',
  });
  const { redis } = connection;
  const keys = keysOf(table);
  const guard = <Value>(call: () => Promise<Value>) => connection.guard(call, () => undefined);
  await redis.connect().catch(() => undefined);
  async function read(): Promise<ReadonlyMap<string, string> | undefined>;
  async function read(name: string): Promise<string | undefined>;
  async function read(name?: string): Promise<ReadonlyMap<string, string> | string | undefined> {
    if (name !== undefined) return (await guard(() => redis.hget(keys[2], name))) ?? undefined;
    const all = await guard(() => redis.hgetall(keys[2]));
    return all === undefined ? undefined : new Map(Object.entries(all));
  }
  return {
    read,
    write: async (entries) => {
      let revision: number | undefined = 0;
      for (let from = 0; from < entries.length; from += entriesPerCall) {
        const args = entries.slice(from, from + entriesPerCall).flat();
        const said = await guard(() =>
          redis.eval(writeScript, keys.length, ...keys, '0', String(sharedTableEntriesMax), ...args),
        );
        if (said === -1) return 'full';
        revision = typeof said === 'number' ? said : undefined;
        if (revision === undefined) return undefined;
      }
      return revision;
    },
    close: () => {
      connection.close();
    },
  };
}

/** One hash tag, so that a cluster keeps them together. */
function keysOf(table: string): readonly [string, string, string, string] {
  return [`{${table}}:revision`, `{${table}}:changes`, `{${table}}:entries`, `{${table}}:since`];
}
