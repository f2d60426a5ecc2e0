import { type Place } from '@fleetstream/access';
import { AppError, type Clock, type Log } from '@fleetstream/kernel';
import { type Component } from '@fleetstream/runtime';
import CircuitBreaker from 'opossum';
import { type LiveAnswer, type LiveState, liveStateSchema } from '../domain/live-answer.ts';

export interface LiveStatesOptions {
  /** Of a processor, any of them. */
  readonly url: string;
  readonly token: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** The live states of robots, from the processor's queries. */
export interface LiveStates extends Component {
  /** Never rejects. */
  find(robotId: string): Promise<LiveAnswer>;
  /** Where the log says that the robot belongs; asked once a minute at most. */
  placeOf(robotId: string): Promise<Place | undefined>;
  /** The same without asking. */
  knownPlaceOf(robotId: string): Place | undefined;
  breakerState(): 'closed' | 'half-open' | 'open';
}

interface Kept {
  readonly live: LiveState | undefined;
  readonly atMs: number;
}

/** Robots whose last answer is kept; the one asked for longest ago is forgotten first. */
const keptMax = 10_000;
const placeFreshMs = 60_000;

export function createLiveStates(options: LiveStatesOptions): LiveStates {
  const { timeoutMs, clock, log } = options;
  const kept = new Map<string, Kept>();
  const breaker = new CircuitBreaker((robotId: string) => fetchState(options, robotId), {
    ...{ name: 'processor', timeout: timeoutMs, resetTimeout: 2000, volumeThreshold: 3 },
    ...{ errorThresholdPercentage: 50, rollingPercentilesEnabled: false },
  });
  breaker.on('open', () => {
    log.warn({}, 'the processor does not answer: live states are as old as they are told to be until it does');
  });
  breaker.on('close', () => {
    log.info({}, 'the processor answers again');
  });
  const keep = (robotId: string, live: LiveState | undefined) => {
    kept.delete(robotId);
    kept.set(robotId, { live, atMs: clock.nowMs() });
    const oldest = kept.size <= keptMax ? undefined : kept.keys().next().value;
    if (oldest !== undefined) kept.delete(oldest);
  };
  const find = async (robotId: string): Promise<LiveAnswer> => {
    try {
      const live = await breaker.fire(robotId);
      keep(robotId, live);
      return live === undefined ? { kind: 'unknown' } : { kind: 'live', live, ageMs: 0 };
    } catch {
      // The breaker has counted and told it.
      const last = kept.get(robotId);
      const ageMs = last?.live === undefined ? undefined : Math.max(0, clock.nowMs() - last.atMs);
      return { kind: 'away', live: last?.live, ageMs };
    }
  };
  const knownPlaceOf = (robotId: string) => kept.get(robotId)?.live?.state.identity;
  return {
    name: 'live-states',
    find,
    knownPlaceOf,
    placeOf: async (robotId) => {
      const last = kept.get(robotId);
      if (last === undefined || clock.nowMs() - last.atMs > placeFreshMs) await find(robotId);
      return knownPlaceOf(robotId);
    },
    breakerState: () => (breaker.opened ? 'open' : breaker.halfOpen ? 'half-open' : 'closed'),
    start: () =>
      Promise.resolve(() => {
        breaker.shutdown();
        return Promise.resolve();
      }),
  };
}

/** `undefined` when the processor knows no such robot. */
async function fetchState(
  { url, token, timeoutMs }: LiveStatesOptions,
  robotId: string,
): Promise<LiveState | undefined> {
  const target = new URL(`v1/robots/${encodeURIComponent(robotId)}`, url.endsWith('/') ? url : `${url}/`);
  const answer = await fetch(target, {
    headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
    signal: AbortSignal.timeout(timeoutMs),
    redirect: 'error',
  });
  if (answer.status === 404) {
    await answer.body?.cancel();
    return undefined;
  }
  if (!answer.ok) {
    await answer.body?.cancel();
    throw new AppError('FS_NOT_READY', `The processor answered ${answer.status}.`);
  }
  return liveStateSchema.parse(await answer.json());
}
