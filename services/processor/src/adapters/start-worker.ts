import { fork } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { type WorkerProcessesOptions } from '../worker-processes.ts';

/** Workers as children of this process: they write to its log, and stop when it is gone. */
export function startWorker(
  mainFile: string,
  execArgv: readonly string[],
): Pick<WorkerProcessesOptions, 'start' | 'sleep'> {
  return {
    start: (environment) => {
      const child = fork(mainFile, { env: { ...environment }, execArgv: [...execArgv] });
      const exited = new Promise<string>((resolve) => {
        child.once('exit', (code, signal) => {
          resolve(signal === null ? `code ${String(code)}` : `signal ${signal}`);
        });
        child.once('error', (error) => {
          resolve(error.message);
        });
      });
      return { exited, stop: () => void child.kill('SIGTERM') };
    },
    sleep: async (delayMs, signal) => {
      // An abort is how a sleeper is woken.
      await delay(delayMs, undefined, { signal }).catch(() => undefined);
    },
  };
}
