/** What one process of our engine is told. */
export interface StateEngineRun {
  readonly brokers: string;
  readonly inputTopic: string;
  readonly outputTopic: string;
  readonly deadLetterTopic: string;
  readonly groupId: string;
  readonly partitions: number;
  /** The same for each life of one instance. */
  readonly instanceId: string;
  readonly stateDir: string;
  readonly checkpointUrl: string;
  readonly checkpointIntervalMs: number;
  /** Copies that other instances keep of each partition. */
  readonly standbyReplicas: number;
  readonly cacheEntries: number;
}

/** What it says, a line each, the moment it happens. */
export type StateEngineLine = { readonly atMs: number } & (
  | { readonly kind: 'assigned'; readonly partitions: readonly number[]; readonly standbys: readonly number[] }
  /** The program runs; before it lie the kill, the start of its process and its modules. */
  | { readonly kind: 'born' }
  | {
      readonly kind: 'opened';
      readonly partition: number;
      readonly openedFrom: string;
      readonly refoldRecords: number;
      readonly durationMs: number;
      readonly phases: Readonly<Record<string, number>>;
    }
  /** The partition's first commit of this process. */
  | { readonly kind: 'committed'; readonly partition: number }
  | {
      readonly kind: 'restored';
      readonly partition: number;
      readonly sizeBytes: number;
      readonly durationMs: number;
    }
  | {
      readonly kind: 'checkpointed';
      readonly partition: number;
      readonly appliedOffset: number;
      readonly uploadedBytes: number;
      readonly durationMs: number;
    }
  | { readonly kind: 'warm'; readonly partition: number }
  | { readonly kind: 'failed'; readonly partition: number; readonly code: string }
  | ({ readonly kind: 'batches' } & BatchTimes)
);

/** What took how long since the line before, in milliseconds, by whether a checkpoint was under way. */
export interface BatchTimes {
  readonly during: PhaseTimes;
  /** Of what no checkpoint touched, that in stretches of the same length a little later, see `createCheckpointMoments`. */
  readonly control: PhaseTimes;
  readonly without: PhaseTimes;
}

export interface PhaseTimes {
  /** From the moment a batch was fetched until it is folded. */
  readonly fold: readonly number[];
  /** A transaction with the broker. */
  readonly commit: readonly number[];
  /** A batch of changed states to RocksDB. */
  readonly store: readonly number[];
  /** States read for a batch, a part of its fold. */
  readonly read: readonly number[];
  /** How late a timer of the event loop was. */
  readonly loop: readonly number[];
  /** The parts of a checkpoint: the copy of the store (its flush included), and the upload. */
  readonly copy: readonly number[];
  readonly upload: readonly number[];
}
