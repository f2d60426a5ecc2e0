import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@fleetstream/kernel';

/** Asks until it is so. @throws AppError FS_NOT_READY after `timeoutMs` */
export async function waitUntil(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  timeoutMs = 600_000,
): Promise<void> {
  const startMs = performance.now();
  while (!(await isSo())) {
    if (performance.now() - startMs > timeoutMs)
      throw new AppError('FS_NOT_READY', `${what}: not within ${timeoutMs} ms`);
    await delay(50);
  }
}
