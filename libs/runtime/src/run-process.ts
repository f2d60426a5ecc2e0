import { type Log, toMessage } from '@fleetstream/kernel';
import { type Component } from './component.ts';
import { runComponents } from './run-components.ts';

export interface ProcessPort {
  on(
    event: 'SIGTERM' | 'SIGINT' | 'uncaughtException' | 'unhandledRejection',
    listener: (value: unknown) => void,
  ): unknown;
  exit(code: number): never;
}

/**
 * A service's whole life: SIGTERM and SIGINT begin an orderly stop, a second one ends it at once; an error nobody
 * caught stops everything with exit code 1, because what it left half done is unknown.
 */
export async function runProcess(
  process: ProcessPort,
  log: Log,
  components: (fail: (error: unknown) => void) => readonly Component[],
): Promise<void> {
  const shutdown = new AbortController();
  const failures: unknown[] = [];
  const fail = (thrown: unknown) => {
    failures.push(thrown);
    log.error({ err: thrown }, `stopping: ${toMessage(thrown)}`);
    shutdown.abort();
  };
  const onSignal = (signal: unknown) => {
    if (shutdown.signal.aborted) process.exit(1);
    log.info({ signal }, 'stopping');
    shutdown.abort();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  try {
    const { clean } = await runComponents({
      components: components(fail),
      shutdown: shutdown.signal,
      log,
      onStarted: () => {
        log.info({}, 'started');
      },
    });
    process.exit(clean && failures.length === 0 ? 0 : 1);
  } catch (thrown) {
    log.error({ err: thrown }, `could not start: ${toMessage(thrown)}`);
    process.exit(1);
  }
}
