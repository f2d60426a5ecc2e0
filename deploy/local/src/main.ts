import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { readCommandStartMs } from './figures/read-command-start.ts';
import { localTools } from './local-tools.ts';
import { wasInstalledSince } from './was-installed.ts';

// Before the big import, which is dynamic for that reason: it loads in half the time from what was compiled before.
const { nodeCompileCacheDir } = localTools();
enableCompileCache(nodeCompileCacheDir);
const { startCommand } = await import('./start-command.ts');

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
  environment: { ...process.env, NODE_COMPILE_CACHE: nodeCompileCacheDir },
  commandStartMs,
  installed: wasInstalledSince(commandStartMs),
  stdout: process.stdout,
  stderr: process.stderr,
  stop: stop.signal,
  stopNow: stopNow.signal,
});
// Nothing is left to wait for but sockets that idle; whoever started us waits for our end.
process.exit();
