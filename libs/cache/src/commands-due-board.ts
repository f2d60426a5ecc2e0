import { type Log } from '@fleetstream/kernel';
import { createCachedScript } from './cached-script.ts';
import { dueScript } from './ingest-scripts.ts';
import { type CacheFailure, createRedisConnection } from './redis-connection.ts';

export interface CommandsDueBoardOptions {
  readonly url: string;
  readonly log: Log;
  /** What one call to Redis may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How long a word holds that is not repeated. */
  readonly ttlSeconds: number;
  readonly onFailure?: (reason: CacheFailure) => void;
}

export interface RobotDue {
  readonly robotId: string;
  readonly due: boolean;
}

/**
 * Where the command service tells pods which robots have commands due, in Redis. Hints: a pod learns of them in the
 * round trip that it makes anyway, and with Redis away robots still ask by themselves.
 */
export interface CommandsDueBoard {
  readonly name: string;
  start(): Promise<() => Promise<void>>;
  /** @returns whether Redis took all of it. Never rejects. */
  publish(robots: readonly RobotDue[]): Promise<boolean>;
}

/** Robots in one call at most: a longer one would hold up Redis' only thread. */
const robotsPerCallMax = 1000;

export function createCommandsDueBoard(options: CommandsDueBoardOptions): CommandsDueBoard {
  const { url, log, timeoutMs, ttlSeconds, onFailure = () => undefined } = options;
  const connection = createRedisConnection({
    ...{ url, log, name: 'fleetstream-commands-due', timeoutMs, retryMs: 1000 },
    withoutIt: 'answers to events say nothing of commands',
  });
  const script = createCachedScript(connection.redis, dueScript);
  return {
    name: 'commands-due-board',
    start: () => connection.start(),
    publish: async (robots) => {
      for (let start = 0; start < robots.length; start += robotsPerCallMax) {
        const words = robots
          .slice(start, start + robotsPerCallMax)
          .map(({ robotId, due }) => `${due ? '+' : '-'}${robotId}`);
        if (!(await connection.tell(() => script([String(ttlSeconds), ...words]), onFailure))) return false;
      }
      return true;
    },
  };
}
