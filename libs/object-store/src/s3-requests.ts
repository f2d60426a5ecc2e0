import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, type Log } from '@fleetstream/kernel';
import { toS3Failure, toUnavailable } from './s3-failure.ts';

export interface S3Requests {
  /**
   * Runs `attempt` until it answers, a few times at most; `undefined` when the store says that there is no such object.
   * The signal ends an attempt that takes too long.
   *
   * @throws AppError FS_CHECKPOINT_STORE_UNAVAILABLE, and what `attempt` throws as an `AppError`
   */
  ask<Answer>(
    what: string,
    sizeBytes: number,
    attempt: (late: AbortSignal) => Promise<Answer>,
  ): Promise<Answer | undefined>;
}

const attemptsMax = 4;
/**
 * The most that is waited doubles; how long it is is left to chance alone ("full jitter"), so that partitions that
 * failed together don't come back together.
 */
const waitMsFirst = 200;
/** A transfer gets this much time on top of `timeoutMs`: whoever is slower than 1 MiB/s is as good as gone. */
const slowestBytesPerMs = 1024 ** 2 / 1000;

export function createS3Requests(options: { readonly timeoutMs: number; readonly log: Log }): S3Requests {
  return {
    ask: async (what, sizeBytes, attempt) => {
      for (let number = 1; ; number++) {
        try {
          return await attempt(AbortSignal.timeout(options.timeoutMs + Math.ceil(sizeBytes / slowestBytesPerMs)));
        } catch (thrown) {
          if (thrown instanceof AppError || isCallersAbort(thrown)) throw thrown;
          const failure = toS3Failure(thrown);
          if (failure.kind === 'noObject') return undefined;
          if (failure.kind === 'lasting' || number === attemptsMax) throw toUnavailable(what, failure);
          options.log.warn({ what, number, reason: failure.text }, 'the object store did not answer: asking again');
          await sleep(waitMsFirst * 2 ** (number - 1) * Math.random());
        }
      }
    },
  };
}

/** A caller's signal ends with its own reason; the SDK's and the time-out's have other classes or names. */
function isCallersAbort(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === 'AbortError';
}
