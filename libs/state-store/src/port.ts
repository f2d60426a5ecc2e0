/**
 * The state of one partition: what was folded from the log up to `appliedOffset`, exactly.
 *
 * Everything a batch holds becomes durable together or not at all. Writes are awaited one after another.
 */
export interface StateStore {
  /** The next input offset to fold; every record before it is in the state. 0 in an empty store. */
  readonly appliedOffset: number;
  /** The log time that the partition had reached there, in milliseconds; 0 in an empty store. */
  readonly logTimeMs: number;
  /** In the order of `keys`; `undefined` for a key without a state. */
  getMany(keys: readonly string[]): Promise<(Buffer | undefined)[]>;
  write(batch: StateBatch): Promise<void>;
  /** Every stored timer, in no particular order. Read once, when a task opens. */
  timers(): AsyncIterable<StoredTimer>;
  /** A consistent look at one moment; later writes don't show. Call `release`. */
  snapshot(): Promise<StateSnapshot>;
  /**
   * Writes a consistent copy into `targetDir` (which must not exist) while writes go on. The copy carries its own
   * `appliedOffset`, at least the one from before the call.
   */
  checkpoint(targetDir: string): Promise<LocalCheckpoint>;
  close(): Promise<void>;
}

export interface StateBatch {
  readonly puts: readonly { readonly key: string; readonly value: Buffer }[];
  readonly deletes: readonly string[];
  /** `dueMs` undefined removes the key's timer. A stored due time may be earlier than the true one, never later. */
  readonly timers: readonly { readonly key: string; readonly dueMs: number | undefined }[];
  readonly appliedOffset: number;
  readonly logTimeMs: number;
}

export interface StoredTimer {
  readonly key: string;
  readonly dueMs: number;
}

export interface StateSnapshot {
  readonly appliedOffset: number;
  readonly logTimeMs: number;
  /** In key order. */
  entries(): AsyncIterable<{ readonly key: string; readonly value: Buffer }>;
  release(): Promise<void>;
}

/** Files of a finished copy, relative to its folder; `CURRENT` is the last that was written. */
export interface LocalCheckpoint {
  readonly dir: string;
  readonly files: readonly { readonly name: string; readonly sizeBytes: number }[];
}
