import { type Log, toMessage } from '@fleetstream/kernel';
import { type Component, type Stop } from './component.ts';

export interface RunOptions {
  readonly components: readonly Component[];
  /** Aborting it begins the stop; aborted already means that nothing starts. */
  readonly shutdown: AbortSignal;
  readonly log: Log;
  /** For all stops together, in milliseconds; what is still running then is abandoned and the stop counts as dirty. */
  readonly stopTimeoutMs?: number;
  /** Told when everything runs. */
  readonly onStarted?: () => void;
}

/**
 * Starts components in order, waits for `shutdown`, stops them in reverse under one deadline.
 * When one fails to start, those before it are stopped and its error is thrown.
 *
 * @returns whether the stop was clean; `main.ts` makes a dirty one the exit code.
 */
export async function runComponents(options: RunOptions): Promise<{ clean: boolean }> {
  const { log, shutdown } = options;
  const running: { name: string; stop: Stop }[] = [];
  try {
    for (const component of options.components) {
      if (shutdown.aborted) break;
      running.push({ name: component.name, stop: await component.start() });
      log.debug({ component: component.name }, 'component started');
    }
  } catch (thrown) {
    await stopAll(running, log, options.stopTimeoutMs);
    throw thrown;
  }
  if (!shutdown.aborted) options.onStarted?.();
  // Asked once more: an abort that came before the listener would never be heard.
  if (!shutdown.aborted) {
    await new Promise<void>((resolve) => {
      shutdown.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
    });
  }
  return { clean: await stopAll(running, log, options.stopTimeoutMs) };
}

async function stopAll(running: { name: string; stop: Stop }[], log: Log, timeoutMs = 25_000): Promise<boolean> {
  let clean = true;
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => {
      resolve('late');
    }, timeoutMs);
  });
  for (const { name, stop } of running.reverse()) {
    const outcome = await Promise.race([
      stop().then(
        () => 'stopped' as const,
        (thrown: unknown) => toMessage(thrown),
      ),
      deadline,
    ]);
    if (outcome === 'stopped') continue;
    clean = false;
    log.error({ component: name, reason: outcome }, 'component did not stop cleanly');
  }
  clearTimeout(timer);
  return clean;
}
