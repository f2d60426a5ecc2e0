import { fileURLToPath } from 'node:url';
import { runBenchCommand } from '../robot-states/bench-command.ts';
import { checkpointBench } from './run-checkpoint-bench.ts';

process.exitCode = await runBenchCommand(checkpointBench, process.argv.slice(2), {
  root: fileURLToPath(new URL('../../..', import.meta.url)),
  nodeFile: process.execPath,
  env: process.env,
  stdout: (line) => process.stdout.write(`${line}\n`),
  stderr: (line) => process.stderr.write(`${line}\n`),
});
