/** How often a partition task does what, and how much it may hold. */
export interface EngineLimits {
  /** Outputs and offset go out this long after the first record that needs them, at most. */
  readonly commitIntervalMs: number;
  /** A transaction is ended early at this many bytes of outputs, or records. Checked after each fetched batch. */
  readonly maxTransactionBytes: number;
  readonly maxTransactionRecords: number;
  /** How often changed states go to the local store; what is missing there after a kill is refolded. */
  readonly stateIntervalMs: number;
  /** They go earlier when a kill would leave more records than this to refold. */
  readonly maxRefoldRecords: number;
  readonly checkpointIntervalMs: number;
  /** A partition without records but with a timer that is due gets a tick record this often. */
  readonly tickIntervalMs: number;
  /**
   * States kept decoded per partition; both are limits. Changed ones are kept past `cacheEntries` until they are stored;
   * when they make up half of `cacheBytes`, an estimate of the heap that entries take, they are stored early. The
   * timers in memory are counted in `cacheBytes`, too.
   */
  readonly cacheEntries: number;
  readonly cacheBytes: number;
  /**
   * Of a partition's timers the soonest are in memory: so many are read at a time, and at most twice as many stay, with
   * what is due in the same millisecond as the last of them. The others lie in the store.
   */
  readonly timerWindow: number;
  /**
   * Changed states that may wait for a store that refuses to write. Beyond it, or when they fill `cacheBytes`, nothing
   * is folded until the store takes them.
   */
  readonly maxDirtyEntries: number;
  /** A local state that is this many records behind is compared with the newest checkpoint. */
  readonly farBehindRecords: number;
  /** Waits between attempts to open a task grow from the first to the last. */
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
}

export const defaultLimits: EngineLimits = {
  commitIntervalMs: 100,
  maxTransactionBytes: 8 * 1024 * 1024,
  maxTransactionRecords: 20_000,
  stateIntervalMs: 1000,
  maxRefoldRecords: 100_000,
  checkpointIntervalMs: 10_000,
  tickIntervalMs: 1000,
  cacheEntries: 50_000,
  cacheBytes: 64 * 1024 * 1024,
  timerWindow: 8192,
  maxDirtyEntries: 200_000,
  farBehindRecords: 200_000,
  firstRetryMs: 100,
  maxRetryMs: 10_000,
};
