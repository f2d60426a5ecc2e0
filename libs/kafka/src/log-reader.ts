import { type AppError } from '@fleetstream/kernel';
import { type FetchedPartition } from './fetch-log.ts';
import { type LogRecord } from './log-record.ts';

/** A stretch of one partition, in order. */
export interface LogBatch {
  readonly records: readonly LogRecord[];
  /** Where the next batch begins: past records that no reader may see, so it can lie beyond the last record + 1. */
  readonly nextOffset: number;
  /** One past the last readable record of the log, when this was fetched. */
  readonly endOffset: number;
}

export interface LogReader {
  /**
   * The next batch, waiting up to `waitMs` for it; `undefined` when nothing came. One call at a time.
   *
   * @throws AppError FS_LOG_TRUNCATED when the log no longer holds the reader's position; FS_LOG_CORRUPT when what it holds
   * there fails its checksum
   */
  next(waitMs: number): Promise<LogBatch | undefined>;
  /** One past the last readable record, as far as is known. */
  readonly endOffset: number;
  close(): void;
}

/** A reader with its side towards the fetches. */
export interface BufferingReader extends LogReader {
  readonly partition: number;
  readonly nextFetchOffset: number;
  hasRoom(maxBufferedBytes: number): boolean;
  push(fetched: FetchedPartition): void;
  fail(error: AppError): void;
}

/** `onRoom` is told when a batch was taken. */
export function createLogReader(
  partition: number,
  fromOffset: number,
  onRoom: () => void,
  onClose: () => void,
): BufferingReader {
  const queue: FetchedPartition[] = [];
  let bufferedBytes = 0;
  let nextFetchOffset = fromOffset;
  let endOffset = 0;
  let failure: AppError | undefined;
  let closed = false;
  let wake: (() => void) | undefined;

  function take(): LogBatch | undefined {
    if (failure !== undefined && queue.length === 0) throw failure;
    const first = queue.shift();
    if (first === undefined) return undefined;
    const { nextOffset, sizeBytes, endOffset: knownEnd } = first;
    bufferedBytes -= sizeBytes;
    onRoom();
    return { records: first.toRecords(), nextOffset, endOffset: knownEnd };
  }

  return {
    partition,
    get nextFetchOffset() {
      return nextFetchOffset;
    },
    get endOffset() {
      return endOffset;
    },
    hasRoom: (maxBufferedBytes) => !closed && failure === undefined && bufferedBytes < maxBufferedBytes,
    push: (fetched) => {
      endOffset = fetched.endOffset;
      if (closed || fetched.nextOffset === nextFetchOffset) return;
      queue.push(fetched);
      bufferedBytes += fetched.sizeBytes;
      nextFetchOffset = fetched.nextOffset;
      wake?.();
    },
    fail: (error) => {
      failure = error;
      wake?.();
    },
    next: async (waitMs) => {
      if (queue.length === 0 && failure === undefined && !closed && waitMs > 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, waitMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wake = undefined;
      }
      return closed ? undefined : take();
    },
    close: () => {
      closed = true;
      queue.length = 0;
      onClose();
      wake?.();
    },
  };
}
