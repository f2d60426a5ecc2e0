import { fileURLToPath } from 'node:url';
import { runFaultCommand } from './run-fault-command.ts';
import { scenarios } from './scenarios.ts';

const stop = new AbortController();
process.on('SIGINT', () => {
  stop.abort();
});
process.on('SIGTERM', () => {
  stop.abort();
});

process.exitCode = await runFaultCommand(process.argv.slice(2), {
  root: fileURLToPath(new URL('../..', import.meta.url)),
  nodeFile: process.execPath,
  environment: process.env,
  stop: stop.signal,
  scenarios,
  stdout: (line) => process.stdout.write(`${line}\n`),
  stderr: (line) => process.stderr.write(`${line}\n`),
});
