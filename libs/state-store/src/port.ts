/**
 * The state of one partition: what was folded from the log up to `appliedOffset`, exactly.
 *
 * What a batch holds becomes visible and survives a kill of the process together or not at all. After a power loss
 * the store may open as it was some batches earlier, consistent in itself: the log refolds the difference.
 *
 * Methods reject with `AppError`: `FS_STATE_UNAVAILABLE` when the disk fails or is full, `FS_STATE_DAMAGED` when what
 * is stored can't be read.
 */
export interface StateStore {
  /** The next input offset to fold; every record before it is in the state. 0 in an empty store. */
  readonly appliedOffset: number;
  /** The log time that the partition had reached there, in milliseconds; 0 in an empty store. */
  readonly logTimeMs: number;
  /** Of the index rows that the store holds; 0 when it holds none. */
  readonly indexVersion: number;
  /** In the order of `keys`; `undefined` for a key without a state. */
  getMany(keys: readonly string[]): Promise<(Buffer | undefined)[]>;
  /**
   * One at a time: await it before the next. A rejected batch was not applied and may be tried again. Its buffers
   * must not change until it resolves.
   */
  write(batch: StateBatch): Promise<void>;
  /** The stored timers that are due at `fromMs` or later, soonest first, many at a time. May be left before its end. */
  timers(fromMs: number): AsyncIterable<readonly StoredTimer[]>;
  /** A consistent look at one moment; later writes don't show. Call `release`. */
  snapshot(): Promise<StateSnapshot>;
  /**
   * Writes a consistent copy into `targetDir` (which must not exist, on the file system of the store) while writes
   * go on. The copy carries its own `appliedOffset`, at least the one from before the call. One at a time.
   */
  checkpoint(targetDir: string): Promise<LocalCheckpoint>;
  /** Waits for what is under way; iterations that were left open end with an error. */
  close(): Promise<void>;
}

/** How a partition task gets its store; `openRocksStateStore` is one. */
export type OpenStateStore = (options: OpenStateStoreOptions) => Promise<StateStore>;

export interface OpenStateStoreOptions {
  readonly dir: string;
  /**
   * `create` for a partition that starts from the beginning of the log. `fail` for a folder that was restored or kept:
   * creating there would delete what can't be recognised, so it rejects with `FS_STATE_DAMAGED` instead.
   */
  readonly ifMissing: 'create' | 'fail';
}

/** What a copy of a state store says about itself. */
export interface AppliedPosition {
  readonly appliedOffset: number;
  readonly logTimeMs: number;
}

export interface StateBatch {
  /** A key is in at most one of `puts` and `deletes`. */
  readonly puts: readonly { readonly key: string; readonly value: Buffer }[];
  readonly deletes: readonly string[];
  /** In this order. A key may have any number of timers, one for each due time. */
  readonly timers: readonly TimerChange[];
  /** Rows of the index that change with the states: what lists are made from, a few bytes for each key. */
  readonly index?: IndexBatch;
  /** Never less than the store's. */
  readonly appliedOffset: number;
  readonly logTimeMs: number;
}

export interface IndexBatch {
  /** What the store's rows are in after this batch. */
  readonly version: number;
  /** `row` undefined removes the key's row. */
  readonly rows: readonly IndexRow<string | undefined>[];
}

export interface IndexRow<Row = string> {
  readonly key: string;
  readonly row: Row;
}

export interface StoredTimer {
  readonly key: string;
  readonly dueMs: number;
}

export interface TimerChange extends StoredTimer {
  /** Whether it is stored from now on, or no more. */
  readonly isSet: boolean;
}

/** Stored in place of a due time, and before all of them: the key's timer failed, and waits for the key's next record before it counts again. */
export const disarmedTimer = -1;

export interface StateSnapshot extends AppliedPosition {
  /** In key order (bytes of its UTF-8). */
  entries(): AsyncIterable<{ readonly key: string; readonly value: Buffer }>;
  /** In the order of `keys`; `undefined` for a key without a state. */
  getMany(keys: readonly string[]): Promise<(Buffer | undefined)[]>;
  /** Rows of the index in key order, beginning after a key. */
  rows(afterKey: string | undefined): AsyncIterable<IndexRow>;
  release(): Promise<void>;
}

/** A finished copy. Its position was read out of the copy itself, so it is exact. */
export interface LocalCheckpoint extends AppliedPosition {
  readonly dir: string;
  /** Relative to `dir`; `CURRENT`, without which nothing opens, is the last. */
  readonly files: readonly { readonly name: string; readonly sizeBytes: number }[];
}
