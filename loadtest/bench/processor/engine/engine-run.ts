/** What one process of our engine is told to do. */
export interface EngineRun {
  readonly brokers: readonly string[];
  readonly inputTopic: string;
  readonly outputTopic: string;
  readonly deadLetterTopic: string;
  readonly groupId: string;
  /** Partition and where its log ends. */
  readonly partitions: readonly (readonly [partition: number, endOffset: number])[];
  readonly stateDir: string;
  readonly checkpointUrl: string;
  readonly commitIntervalMs: number;
  readonly stateIntervalMs: number;
  readonly checkpointIntervalMs: number;
  /** Of each partition. */
  readonly cacheEntries: number;
  readonly cacheBytes: number;
}

/** What it says at its end. */
export interface EngineFigures {
  readonly events: number;
  /** Wall times of the first batch and the last commit, in milliseconds since the epoch. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** From the birth of the process to its end, start-up and orderly stop included. */
  readonly cpuSeconds: number;
  /** From the first batch to the last commit alone. */
  readonly steadyCpuSeconds: number;
  readonly peakRssMb: number;
  readonly commits: number;
  /** Of a transaction; the time from append to commit would say nothing of a log that lay ready. */
  readonly commitMsP50: number;
  readonly stateBatches: number;
  readonly statesWritten: number;
  readonly checkpoints: number;
  readonly cacheHitRate: number;
}
