import { once } from 'node:events';
import { boundHeapGrowth, keepRecordsYoung } from '@fleetstream/stream-engine';
import { type EngineRun } from './engine-run.ts';
import { startEngineRun } from './start-engine-run.ts';

// One process of our engine over some partitions of the workload: says "ready", waits for a line, folds to the ends of
// its partitions, stops in order and prints its figures.
keepRecordsYoung();
boundHeapGrowth();
const run = JSON.parse(process.argv[2] ?? '') as EngineRun;
const engine = await startEngineRun(run, () => process.cpuUsage());
process.stdout.write('ready\n');
await once(process.stdin, 'data');
const figures = await engine.fold();
process.stdin.destroy();
process.stdout.write(`${JSON.stringify({ ...figures, ...usage() })}\n`);

function usage(): { cpuSeconds: number; peakRssMb: number } {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, peakRssMb: Math.round(process.resourceUsage().maxRSS / 1024) };
}
