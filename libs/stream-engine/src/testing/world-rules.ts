/** What everything outside of the engine keeps to. A simulation plants a bug by breaking one of them. */
export interface WorldRules {
  /** A commit of an older epoch is refused. */
  readonly fencing: boolean;
  /** The end of a transaction that arrives late ends its own transaction or none (KIP-890). */
  readonly lateEndsRefused: boolean;
  /** A manifest is written when all that it names is there. */
  readonly manifestLast: boolean;
  /** Younger objects are not collected, in milliseconds. */
  readonly graceMs: number;
  /** Collection keeps what any manifest names, not what the newest does. */
  readonly everyManifestCounts: boolean;
  /** What is restored is compared with its hashes. */
  readonly restoreVerified: boolean;
  /** A restored state appears in its folder when it is whole. */
  readonly restoreAtomic: boolean;
  /** A batch is stored as a whole or not at all. */
  readonly batchAtomic: boolean;
  /** What a copy says of itself, beyond what it holds. */
  readonly copyOffsetError: number;
}

export const soundRules: WorldRules = {
  fencing: true,
  lateEndsRefused: true,
  manifestLast: true,
  graceMs: 600,
  everyManifestCounts: true,
  restoreVerified: true,
  restoreAtomic: true,
  batchAtomic: true,
  copyOffsetError: 0,
};
