import { type Log, toAppError } from '@fleetstream/kernel';
import CircuitBreaker from 'opossum';
import { type PlatformList } from '../domain/platform-robot.ts';
import { type ReadList } from './platform-http.ts';

export interface RobotPlatformOptions {
  /** Reads the whole list, over HTTP or from a file. */
  readonly source: (signal: AbortSignal) => Promise<ReadList>;
  readonly log: Log;
  /** For the whole list, in milliseconds. */
  readonly timeoutMs: number;
  /** How long an open breaker leaves the platform alone before it tries one call. */
  readonly resetMs: number;
}

export interface RobotPlatform {
  /**
   * Every robot that the Robot Platform lists.
   *
   * @throws AppError FS_PLATFORM_UNAVAILABLE when it gave no whole list, at once while the breaker is open
   */
  list(): Promise<PlatformList>;
  breakerState(): 'closed' | 'half-open' | 'open';
  stop(): void;
}

/** The customer's Robot Platform behind a breaker. */
export function createRobotPlatform({ source, log, timeoutMs, resetMs }: RobotPlatformOptions): RobotPlatform {
  const stopping = new AbortController();
  // The signal ends the requests themselves; the breaker's own time-out only stops waiting for them.
  const read = () => source(AbortSignal.any([AbortSignal.timeout(timeoutMs), stopping.signal]));
  const breaker = new CircuitBreaker(read, {
    name: 'robot-platform',
    timeout: timeoutMs,
    resetTimeout: resetMs,
    volumeThreshold: 2,
    errorThresholdPercentage: 50,
    rollingPercentilesEnabled: false,
  });
  breaker.on('open', () => {
    log.warn({}, 'the Robot Platform does not answer: the last list of robots is used until it does');
  });
  breaker.on('close', () => {
    log.info({}, 'the Robot Platform answers again');
  });
  return {
    list: async () => {
      try {
        const { unreadable, fieldsLeftOut, ...list } = await breaker.fire();
        if (unreadable > 0 || fieldsLeftOut > 0) {
          log.warn({ unreadable, fieldsLeftOut }, 'the Robot Platform lists robots without an id, or with odd fields');
        }
        return list;
      } catch (thrown) {
        throw toAppError(thrown, 'FS_PLATFORM_UNAVAILABLE', 'The Robot Platform did not answer with a list of robots.');
      }
    },
    breakerState: () => (breaker.opened ? 'open' : breaker.halfOpen ? 'half-open' : 'closed'),
    stop: () => {
      stopping.abort();
      breaker.shutdown();
    },
  };
}
