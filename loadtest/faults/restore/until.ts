import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@fleetstream/kernel';

const pollMs = 50;

/**
 * Asks until the answer is yes.
 *
 * @returns how long it took, in milliseconds
 * @throws AppError FS_NOT_READY after `timeoutMs`, or when the run is stopped
 */
export async function until(
  what: string,
  check: () => Promise<boolean>,
  { stop, timeoutMs = 30_000 }: { readonly stop: AbortSignal; readonly timeoutMs?: number },
): Promise<number> {
  const startedMs = performance.now();
  while (!(await check())) {
    if (stop.aborted) throw new AppError('FS_NOT_READY', `${what}: stopped before`);
    if (performance.now() - startedMs > timeoutMs) {
      throw new AppError('FS_NOT_READY', `${what}: not within ${timeoutMs / 1000} s`);
    }
    await sleep(pollMs);
  }
  return performance.now() - startedMs;
}
