import { type Place } from '@fleetstream/access';
import { AppError, type Clock, type Log } from '@fleetstream/kernel';
import { type Component } from '@fleetstream/runtime';
import CircuitBreaker from 'opossum';
import { z } from 'zod';
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
  /** Those of many robots by one question, in their order. Never rejects. */
  findAll(robotIds: readonly string[]): Promise<readonly LiveAnswer[]>;
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
  const breaker = new CircuitBreaker((ask: () => Promise<ReadonlyMap<string, LiveState>>) => ask(), {
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
  const findAll = async (
    robotIds: readonly string[],
    ask: () => Promise<ReadonlyMap<string, LiveState>>,
  ): Promise<LiveAnswer[]> => {
    try {
      const states = (await breaker.fire(ask)) as Awaited<ReturnType<typeof ask>>;
      return robotIds.map((robotId) => {
        const live = states.get(robotId);
        keep(robotId, live);
        return live === undefined ? { kind: 'unknown' } : { kind: 'live', live, ageMs: 0 };
      });
    } catch {
      // The breaker has counted and told it.
      return robotIds.map((robotId) => {
        const last = kept.get(robotId);
        const ageMs = last?.live === undefined ? undefined : Math.max(0, clock.nowMs() - last.atMs);
        return { kind: 'away', live: last?.live, ageMs };
      });
    }
  };
  const find = async (robotId: string): Promise<LiveAnswer> => {
    const [answer] = await findAll([robotId], () => fetchState(options, robotId));
    return answer ?? { kind: 'unknown' };
  };
  const knownPlaceOf = (robotId: string) => kept.get(robotId)?.live?.state.identity;
  return {
    name: 'live-states',
    find,
    findAll: async (robotIds) =>
      robotIds.length === 0 ? [] : await findAll(robotIds, () => fetchStates(options, robotIds)),
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

type Told = ReadonlyMap<string, LiveState>;

/** Nothing when the processor knows no such robot. */
async function fetchState(options: LiveStatesOptions, robotId: string): Promise<Told> {
  const told = await fetchJson(options, `v1/robots/${encodeURIComponent(robotId)}`);
  return told === undefined ? new Map() : new Map([[robotId, liveStateSchema.parse(told)]]);
}

const listedSchema = z.object({
  robots: z.array(z.object({ robotId: z.string(), partition: z.int(), state: liveStateSchema.shape.state })),
  asOf: z.array(liveStateSchema.shape.asOf),
});

/** Those of them that the processor knows. */
async function fetchStates(options: LiveStatesOptions, robotIds: readonly string[]): Promise<Told> {
  const { robots, asOf } = listedSchema.parse(await fetchJson(options, `v1/robots?ids=${robotIds.join(',')}`));
  const ofPartition = new Map(asOf.map((one) => [one.partition, one]));
  return new Map(
    robots.flatMap(({ robotId, partition, state }) => {
      const as = ofPartition.get(partition);
      return as === undefined ? [] : [[robotId, { state, asOf: as }] as const];
    }),
  );
}

/** `undefined` for what is not there. */
async function fetchJson({ url, token, timeoutMs }: LiveStatesOptions, path: string): Promise<unknown> {
  const answer = await fetch(new URL(path, url.endsWith('/') ? url : `${url}/`), {
    headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
    signal: AbortSignal.timeout(timeoutMs),
    redirect: 'error',
  });
  if (answer.ok) return await answer.json();
  await answer.body?.cancel();
  if (answer.status === 404) return undefined;
  throw new AppError('FS_NOT_READY', `The processor answered ${answer.status}.`);
}
