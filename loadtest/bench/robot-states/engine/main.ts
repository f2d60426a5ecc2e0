import { createLog } from '@fleetstream/telemetry';
import { startStateEngine } from './start-state-engine.ts';
import { type StateEngineRun } from './state-engine-run.ts';

// One process of our engine over the states of robots: says what happens, a line of JSON each, until it is killed.
const run = JSON.parse(process.argv[2] ?? '') as StateEngineRun;
await startStateEngine(run, createLog({ service: 'bench', level: 'warn', destination: process.stderr }), (line) => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
});
