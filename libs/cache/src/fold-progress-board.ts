import { type Log } from '@fleetstream/kernel';
import { createCachedScript } from './cached-script.ts';
import { publishScript } from './ingest-scripts.ts';
import { type CacheFailure, createRedisConnection } from './redis-connection.ts';

export interface FoldProgressBoardOptions {
  readonly url: string;
  readonly log: Log;
  /** What one call to Redis may take; 500 ms by default. */
  readonly timeoutMs?: number;
  readonly retryMs?: number;
  /** How long a robot's progress is kept; a day by default. */
  readonly ttlSeconds?: number;
  readonly onFailure?: (operation: 'publish' | 'lag', reason: CacheFailure) => void;
}

/** What was folded of one robot, as pods answer it: a JSON text per boot. */
export interface RobotProgress {
  readonly robotId: string;
  readonly boots: readonly { readonly bootid: string; readonly text: string }[];
}

/** How far a partition's fold is behind its log. */
export interface PartitionLag {
  readonly partition: number;
  readonly records: number;
  /** What reading the rest takes at the pace of late, in milliseconds. */
  readonly drainMs: number;
}

/** Where processors tell pods how far they are, in Redis. Hints: with Redis away nothing is told and nobody waits. */
export interface FoldProgressBoard {
  readonly name: string;
  start(): Promise<() => Promise<void>>;
  /** @returns whether Redis took it. Never rejects. */
  publish(robots: readonly RobotProgress[]): Promise<boolean>;
  /** @returns whether Redis took it. Never rejects. */
  publishLag(lags: readonly PartitionLag[], atMs: number): Promise<boolean>;
  /** The lags told within the last `maxAgeMs`; `undefined` when Redis did not say. Never rejects. */
  readLags(nowMs: number, maxAgeMs: number): Promise<readonly PartitionLag[] | undefined>;
}

const lagKey = 'fold-lag';
const lagTtlSeconds = 60;

export function createFoldProgressBoard(options: FoldProgressBoardOptions): FoldProgressBoard {
  const { log, timeoutMs = 500, retryMs = 1000, ttlSeconds = 86_400, onFailure = () => undefined } = options;
  const connection = createRedisConnection({
    ...{ url: options.url, log, name: 'fleetstream-fold-progress', timeoutMs, retryMs },
    withoutIt: 'what was folded is not told',
  });
  const { redis } = connection;
  const script = createCachedScript(redis, publishScript);
  const failed = (operation: 'publish' | 'lag') => (reason: CacheFailure) => {
    onFailure(operation, reason);
  };
  return {
    name: 'fold-progress-board',
    start: () => connection.start(),
    publish: async (robots) => {
      const args = robots.map(({ robotId, boots }) =>
        JSON.stringify([robotId, boots.flatMap(({ bootid, text }) => [bootid, text])]),
      );
      return await connection.tell(() => script([String(ttlSeconds), ...args]), failed('publish'));
    },
    publishLag: async (lags, atMs) => {
      if (lags.length === 0) return true;
      const fields = lags.flatMap(({ partition, records, drainMs }) => [
        String(partition),
        `${atMs} ${records} ${Math.round(drainMs)}`,
      ]);
      const answer = await connection.guard(
        () =>
          redis
            .pipeline()
            .hset(lagKey, ...fields)
            .expire(lagKey, lagTtlSeconds)
            .exec(),
        failed('lag'),
      );
      return answer !== undefined;
    },
    readLags: async (nowMs, maxAgeMs) => {
      const fields = await connection.guard(() => redis.hgetall(lagKey), failed('lag'));
      if (fields === undefined) return undefined;
      const lags: PartitionLag[] = [];
      for (const [partition, text] of Object.entries(fields)) {
        const [atMs = 0, records = 0, drainMs = 0] = text.split(' ').map(Number);
        if (nowMs - atMs <= maxAgeMs) lags.push({ partition: Number(partition), records, drainMs });
      }
      return lags;
    },
  };
}
