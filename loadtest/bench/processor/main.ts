import { fileURLToPath } from 'node:url';
import { runProcessorBench } from './run-processor-bench.ts';

process.exitCode = await runProcessorBench(process.argv.slice(2), {
  root: fileURLToPath(new URL('../../..', import.meta.url)),
  nodeFile: process.execPath,
  env: process.env,
  stdout: (line) => process.stdout.write(`${line}\n`),
  stderr: (line) => process.stderr.write(`${line}\n`),
});
