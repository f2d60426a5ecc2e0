import { fileURLToPath } from 'node:url';
import { runCommandsBench } from './run-commands-bench.ts';

process.exitCode = await runCommandsBench(process.argv.slice(2), {
  root: fileURLToPath(new URL('../../..', import.meta.url)),
  nodeFile: process.execPath,
  environment: process.env,
  say: (line) => process.stderr.write(`${line}\n`),
  stop: new AbortController().signal,
});
