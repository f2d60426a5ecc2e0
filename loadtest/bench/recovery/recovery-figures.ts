/** One kill. Times are milliseconds from the kill, as a reader of committed records sees them. */
export interface RecoveryRound {
  /** The first output of an event that was appended after the kill. */
  readonly firstMs: number;
  /** Until each partition has shown one. */
  readonly allMs: number;
  /** What the engine itself told of it, in milliseconds from the kill unless it says otherwise. */
  readonly told: Readonly<Record<string, number>>;
  /** Openings from another rung than the one that was to be shown; ours alone tells. */
  readonly wrongRungs: number;
}

export interface EngineRecovery {
  readonly rounds: Readonly<Record<string, readonly RecoveryRound[]>>;
  readonly outputs: number;
  readonly lost: number;
  readonly wrong: number;
}
