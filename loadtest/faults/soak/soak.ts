import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { atLeast, atMost } from '../../check.ts';
import { type RoundFigures, sumOf } from '../scenario.ts';
import { createFaultHistory } from '../stack/fault-history.ts';
import { largest } from '../stack/verified-rounds.ts';
import { defineStackScenario, type StackRound } from '../stack/stack-scenario.ts';
import { toDurationMs } from '../to-duration-ms.ts';
import { countFileDescriptors, readFolderBytes, readRssBytes } from './sample-process.ts';
import { type Sample, slopePerHour } from './slope.ts';

const mib = 1024 * 1024;
/** Caches, compiled code and the first files of each partition fill up before anything can be flat. */
const warmUpShare = 0.3;
const samplesWanted = 120;
const sampleMsMin = 1000;
/**
 * As much as the oracle can hold of half an hour: 1.8 million records and their outputs. A processor alone takes far
 * more; with the broker, the sender and small commits on two cores it is no idle run either.
 */
const ratePerSecond = 1000;
const longEnoughMs = 20 * 60_000;

/** Per hour, fixed before any run. What is measured is noisy: a leak that matters in a month shows in half an hour. */
const limitsPerHour = { rssMib: 30, fileDescriptors: 10, rocksdbMib: 60, storeMib: 60 } as const;
type Watched = keyof typeof limitsPerHour;
const watched: readonly Watched[] = ['rssMib', 'fileDescriptors', 'rocksdbMib', 'storeMib'];

/** Nothing goes wrong for half an hour: what grows then would grow for ever. */
export const soak = defineStackScenario({
  name: 'soak',
  summary: 'half an hour of 1,000 records a second (--for): memory, file descriptors and disks stay flat',
  defaults: { roundTime: '30m' },
  slots: [0],
  verifyEvery: 1,
  stack: ({ seed }) => ({
    ratePerSecond,
    history: createFaultHistory({ seed, robots: 100 }),
    environment: {
      PROCESSOR_STATE_INTERVAL_MS: '1000',
      PROCESSOR_CHECKPOINT_INTERVAL_MS: '10000',
      PROCESSOR_CACHE_ENTRIES: '30',
      PROCESSOR_MEMTABLE_BYTES: String(mib),
    },
  }),
  // The worker collects garbage every second: as in a long life, not an hour after this run has ended.
  processors: { program: 'loadtest/faults/worker/main.ts' },
  play: async (round) => {
    const samples = await watch(round);
    const figures: Record<string, number> = {};
    for (const name of watched) {
      const values = samples.get(name) ?? [];
      const warm = values.slice(Math.floor(values.length * warmUpShare));
      figures[`${name}First`] = rounded(warm[0]?.value ?? 0);
      figures[`${name}Last`] = rounded(warm.at(-1)?.value ?? 0);
      figures[`${name}PerHour`] = rounded(slopePerHour(warm));
    }
    const log = samples.get('logMib') ?? [];
    return { ...figures, logMibPerHour: rounded(slopePerHour(log)), samples: log.length, ...toShortness(round) };
  },
  check: (rounds) => {
    const short = sumOf(rounds, 'short') > 0;
    return [
      atLeast('samples', largest(rounds, 'samples'), 10),
      // In a short run the warm-up is all there is: the slopes are told, not judged.
      ...(short
        ? []
        : watched.map((name) => atMost(`${name}PerHour`, largest(rounds, `${name}PerHour`), limitsPerHour[name]))),
    ];
  },
});

function toShortness({ options }: StackRound): RoundFigures {
  return { short: toDurationMs(options.roundTime) < longEnoughMs ? 1 : 0 };
}

async function watch({ team, options, context }: StackRound): Promise<Map<Watched | 'logMib', Sample[]>> {
  const durationMs = toDurationMs(options.roundTime);
  const everyMs = Math.max(sampleMsMin, durationMs / samplesWanted);
  const startedMs = performance.now();
  const samples = new Map<Watched | 'logMib', Sample[]>();
  const note = (name: Watched | 'logMib', value: number) => {
    const list = samples.get(name) ?? [];
    samples.set(name, list);
    list.push({ atMs: performance.now() - startedMs, value });
  };
  const { stack } = team;
  for (let told = 0; performance.now() - startedMs < durationMs && !context.stop.aborted; told += 1) {
    await sleep(everyMs);
    const { pid } = team.at(0);
    note('rssMib', (await readRssBytes(pid)) / mib);
    note('fileDescriptors', await countFileDescriptors(pid));
    note('rocksdbMib', (await readFolderBytes(stack.stateDir(0))) / mib);
    note('storeMib', (await readFolderBytes(join(stack.directory, 'checkpoints'))) / mib);
    note('logMib', (await readFolderBytes(join(stack.directory, 'kafka'))) / mib);
    if (told % 10 === 0) {
      const line = [...samples].map(([name, list]) => `${name} ${rounded(list.at(-1)?.value ?? 0)}`);
      context.say(`after ${Math.round((performance.now() - startedMs) / 1000)} s: ${line.join(', ')}`);
    }
  }
  return samples;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
