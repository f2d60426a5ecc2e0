import { type RobotState } from '@fleetstream/robot-model';
import { atLeast, atMost, exactly } from '../../check.ts';
import { type RoundFigures, sumOf } from '../scenario.ts';
import { createFaultHistory } from '../stack/fault-history.ts';
import { largest } from '../stack/verified-rounds.ts';
import { defineStackScenario, type StackRound } from '../stack/stack-scenario.ts';
import { toDurationMs } from '../to-duration-ms.ts';
import { type CapacityOptions, findCapacity } from './find-capacity.ts';
import { slopePerHour } from './slope.ts';
import { isLoadRobotId, type SoakLoad, startSoakLoad } from './soak-load.ts';
import { watchSoak } from './watch-soak.ts';

const mib = 1024 * 1024;
/** Caches, compiled code and the first files of each partition fill up before anything can be flat. */
const warmUpShare = 0.3;
/** Of the history that the oracle holds and folds: all that happens to robots, at a rate whose half an hour it can bear. */
const historyPerSecond = 300;
/** More than the cache holds, so that states are read back all the time. */
const loadRobots = 2000;
const cacheEntries = 500;
const longEnoughMs = 20 * 60_000;
/** Of what can be borne, folded all the while. */
const shareMin = 0.45;

/** Per hour, fixed before any run. What is measured is noisy: a leak that matters in a month shows in half an hour. */
const limitsPerHour = { rssMib: 30, fileDescriptors: 10, rocksdbMib: 60, storeMib: 60 } as const;
/** RocksDB's own LOG on the disk, of four partitions: 1 MiB each, and what comes between two checkpoints. */
const rocksdbLogMibMax = 6;
type Watched = keyof typeof limitsPerHour;
const watched: readonly Watched[] = ['rssMib', 'fileDescriptors', 'rocksdbMib', 'storeMib'];

/** Nothing goes wrong for half an hour: what grows then would grow for ever. */
export const soak = defineStackScenario({
  name: 'soak',
  summary: 'half an hour at half of what can be borne (--for): memory, file descriptors and disks stay flat',
  defaults: { roundTime: '30m' },
  slots: [0],
  verifyEvery: 1,
  stack: ({ seed }) => ({
    ratePerSecond: historyPerSecond,
    isLoad: isLoadRobotId,
    history: createFaultHistory({ seed, robots: 100 }),
    environment: {
      PROCESSOR_STATE_INTERVAL_MS: '1000',
      PROCESSOR_CHECKPOINT_INTERVAL_MS: '10000',
      PROCESSOR_CACHE_ENTRIES: String(cacheEntries),
      PROCESSOR_CACHE_BYTES: String(4 * mib),
      PROCESSOR_MEMTABLE_BYTES: String(mib),
    },
  }),
  // The worker collects garbage every second: as in a long life, not an hour after this run has ended.
  processors: { program: 'loadtest/faults/worker/main.ts' },
  play: async (round) => {
    const { stack } = round.team;
    const load = await startSoakLoad(stack.brokers, loadRobots);
    stack.atEnd(() => {
      load.kill();
      return Promise.resolve();
    });
    const capacity = await findCapacity(toCapacityOptions(round, load));
    load.setRate(capacity / 2);
    const before = await countCommitted(round);
    const startedMs = performance.now();
    const samples = await watchSoak(round, toDurationMs(round.options.roundTime));
    const foldedPerSecond = ((await countCommitted(round)) - before) / ((performance.now() - startedMs) / 1000);
    const figures: Record<string, number> = {
      ...{ capacityPerSecond: capacity, foldedPerSecond: Math.round(foldedPerSecond) },
      ...{ shareOfCapacity: Math.round((foldedPerSecond / capacity) * 100) / 100 },
      ...(await compareLoad(round, await load.end())),
    };
    for (const [name, values] of samples) {
      const warm = values.slice(Math.floor(values.length * warmUpShare));
      figures[`${name}First`] = rounded(warm[0]?.value ?? 0);
      figures[`${name}Last`] = rounded(warm.at(-1)?.value ?? 0);
      figures[`${name}PerHour`] = rounded(slopePerHour(warm));
      figures[`${name}Most`] = rounded(Math.max(...values.map(({ value }) => value)));
      figures['samples'] = values.length;
      round.series[name] = values.map(({ value }) => rounded(value));
    }
    return { ...figures, ...toShortness(round) };
  },
  check: (rounds) => {
    const short = sumOf(rounds, 'short') > 0;
    return [
      atLeast('samples', largest(rounds, 'samples'), 10),
      exactly('loadLost', sumOf(rounds, 'loadLost'), 0),
      exactly('loadTwice', sumOf(rounds, 'loadTwice'), 0),
      atMost('rocksdbLogMibMost', largest(rounds, 'rocksdbLogMibMost'), rocksdbLogMibMax),
      // What is configured bounds the memory: the process says by how much, before it begins.
      atMost('rssMibMost', largest(rounds, 'rssMibMost'), largest(rounds, 'plannedMibMost') ?? 0),
      // In a short run the warm-up is all there is: the slopes are told, not judged.
      ...(short
        ? []
        : [
            atLeast('shareOfCapacity', largest(rounds, 'shareOfCapacity'), shareMin),
            ...watched.map((name) => atMost(`${name}PerHour`, largest(rounds, `${name}PerHour`), limitsPerHour[name])),
          ]),
    ];
  },
});

function toCapacityOptions(round: StackRound, load: SoakLoad): CapacityOptions {
  const { options, context } = round;
  return {
    setRate: (perSecond) => {
      load.setRate(perSecond);
    },
    folded: () => countCommitted(round),
    stepMs: Math.min(8000, Math.max(1000, toDurationMs(options.roundTime) / 100)),
    ...{ stop: context.stop, say: context.say },
  };
}

async function countCommitted({ team }: StackRound): Promise<number> {
  return [...(await team.stack.committed()).values()].reduce((sum, offset) => sum + offset, 0);
}

/** Every event of the load is counted once by the state of its robot; the oracle looks at the others. */
async function compareLoad(
  { team }: StackRound,
  sent: ReadonlyMap<string, number>,
): Promise<{ loadEvents: number; loadLost: number; loadTwice: number }> {
  await team.stack.traffic.pause();
  await team.stack.caughtUp();
  const { robots } = await team.at(0).fetchStates();
  const folded = new Map(robots.map(({ robotId, state }) => [robotId, countTelemetry(state)]));
  const differences = [...sent].map(([robotId, count]) => (folded.get(robotId) ?? 0) - count);
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  return {
    loadEvents: sum([...sent.values()]),
    loadLost: sum(differences.map((difference) => Math.max(0, -difference))),
    loadTwice: sum(differences.map((difference) => Math.max(0, difference))),
  };
}

function countTelemetry(state: string): number {
  return (JSON.parse(state) as RobotState).counters.perType['robot.telemetry.v1'] ?? 0;
}

function toShortness({ options }: StackRound): RoundFigures {
  return { short: toDurationMs(options.roundTime) < longEnoughMs ? 1 : 0 };
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
