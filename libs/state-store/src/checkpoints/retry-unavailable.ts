import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, type Log } from '@fleetstream/kernel';

export interface RetryWaits {
  readonly attemptsMax: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** An upload that fails costs a whole checkpoint, so a store that stumbles is given about ten seconds to come back. */
export const uploadWaits: RetryWaits = { attemptsMax: 5, firstMs: 250, lastMs: 8000 };

/**
 * Tries again while the store doesn't answer. The most that is waited doubles up to a limit, how long it is is left to
 * chance alone ("full jitter"): partitions that failed together don't come back together.
 */
export async function retryUnavailable<Answer>(
  what: string,
  attempt: () => Promise<Answer>,
  { log, waits = uploadWaits }: { readonly log: Log; readonly waits?: RetryWaits },
): Promise<Answer> {
  for (let number = 1; ; number++) {
    try {
      return await attempt();
    } catch (thrown) {
      const mayPass = thrown instanceof AppError && thrown.code === 'FS_CHECKPOINT_STORE_UNAVAILABLE';
      if (!mayPass || number >= waits.attemptsMax) throw thrown;
      const waitMs = Math.random() * Math.min(waits.firstMs * 2 ** (number - 1), waits.lastMs);
      log.debug({ what, number, waitMs: Math.round(waitMs), reason: thrown.message }, 'trying again');
      await sleep(waitMs);
    }
  }
}
