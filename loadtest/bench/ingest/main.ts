import { fileURLToPath } from 'node:url';
import { runIngestBench } from './run-ingest-bench.ts';

process.exitCode = await runIngestBench(process.argv.slice(2), {
  root: fileURLToPath(new URL('../../..', import.meta.url)),
  nodeFile: process.execPath,
  env: process.env,
  stdout: (line) => process.stdout.write(`${line}\n`),
  stderr: (line) => process.stderr.write(`${line}\n`),
});
