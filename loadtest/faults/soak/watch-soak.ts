import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readMetric, readMetricBy } from '../read-metric.ts';
import { type StackRound } from '../stack/stack-scenario.ts';
import { countFileDescriptors, readFolderBytes, readRssBytes } from './sample-process.ts';
import { type Sample } from './slope.ts';

const mib = 1024 * 1024;
const samplesWanted = 120;
const sampleMsMin = 1000;

/** By name: what is watched from outside, and each part of the memory that the processor tells of. */
export type SoakSamples = ReadonlyMap<string, readonly Sample[]>;

/** What a part of the memory is called among the samples. */
function toPartName(part: string): string {
  return `${part.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())}Mib`;
}

/** Samples memory, file descriptors and disks for so long, at most 120 times. */
export async function watchSoak({ team, context }: StackRound, durationMs: number): Promise<SoakSamples> {
  const everyMs = Math.max(sampleMsMin, durationMs / samplesWanted);
  const startedMs = performance.now();
  const samples = new Map<string, Sample[]>();
  const { stack } = team;
  for (let told = 0; performance.now() - startedMs < durationMs && !context.stop.aborted; told += 1) {
    await sleep(everyMs);
    const { pid } = team.at(0);
    const sampled: [string, number][] = [
      ['rssMib', (await readRssBytes(pid)) / mib],
      ['fileDescriptors', await countFileDescriptors(pid)],
      ['rocksdbMib', (await readFolderBytes(stack.stateDir(0))) / mib],
      [
        'rocksdbLogMib',
        (await readFolderBytes(stack.stateDir(0), (name) => /(^|\/)LOG(\.old\.\d+)?$/.test(name))) / mib,
      ],
      ['storeMib', (await readFolderBytes(join(stack.directory, 'checkpoints'))) / mib],
      ['logMib', (await readFolderBytes(join(stack.directory, 'kafka'))) / mib],
    ];
    const exposition = await team.at(0).fetchMetrics();
    sampled.push(['heapUsedMib', readMetric(exposition, 'nodejs_heap_size_used_bytes') / mib]);
    sampled.push(['plannedMib', readMetric(exposition, 'fleetstream_processor_memory_planned_bytes') / mib]);
    const parts = readMetricBy(exposition, 'fleetstream_processor_memory_bytes', 'part');
    for (const [part, bytes] of parts) sampled.push([toPartName(part), bytes / mib]);
    const atMs = performance.now() - startedMs;
    for (const [name, value] of sampled) samples.set(name, [...(samples.get(name) ?? []), { atMs, value }]);
    if (told % 10 === 0) {
      const line = sampled.map(([name, value]) => `${name} ${Math.round(value * 10) / 10}`);
      context.say(`after ${Math.round(atMs / 1000)} s: ${line.join(', ')}`);
    }
  }
  return samples;
}
