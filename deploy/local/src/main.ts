import { fileURLToPath } from 'node:url';
import { readCommandStartMs } from './figures/read-command-start.ts';
import { startCommand } from './start-command.ts';
import { wasInstalledSince } from './was-installed.ts';

const startedMs = Date.now() - performance.now();
const commandStartMs = readCommandStartMs(process.pid, startedMs);
const stop = new AbortController();
const stopNow = new AbortController();
let stopAskedMs = 0;
// The terminal signals npm and us, and npm passes it on: two signals within a second are one wish.
const onSignal = () => {
  if (!stop.signal.aborted) stopAskedMs = performance.now();
  else if (performance.now() - stopAskedMs > 1000) stopNow.abort();
  stop.abort();
};
process.on('SIGINT', onSignal);
process.on('SIGTERM', onSignal);
process.on('SIGHUP', onSignal);

process.exitCode = await startCommand(process.argv.slice(2), {
  root: fileURLToPath(new URL('../../..', import.meta.url)),
  nodeFile: process.execPath,
  pid: process.pid,
  environment: process.env,
  commandStartMs,
  installed: wasInstalledSince(commandStartMs),
  stdout: process.stdout,
  stderr: process.stderr,
  stop: stop.signal,
  stopNow: stopNow.signal,
});
// Nothing is left to wait for but sockets that idle; whoever started us waits for our end.
process.exit();
