import { type LastCheckpoint } from './checkpoint-job.ts';
import { type IndexRow } from '@fleetstream/state-store';
import { type OpenedFrom } from './engine-event.ts';
import { type RefoldProgress, type RestoringProgress } from './opening-progress.ts';

/**
 * opening → refolding → running → opening … ; refolding and running ⇄ stalled; any of them → closed.
 * `refolding` folds what was committed already and writes no outputs; `stalled` folds nothing, for the disk is full.
 */
export type PartitionPhase = 'opening' | 'refolding' | 'running' | 'stalled' | 'closed';

export interface PartitionStatus {
  readonly partition: number;
  readonly phase: PartitionPhase;
  readonly committedOffset: number;
  readonly appliedOffset: number;
  readonly foldedOffset: number;
  readonly endOffset: number;
  /** Records of the log that are not committed yet. */
  readonly lag: number;
  readonly lastCheckpoint: LastCheckpoint | undefined;
  readonly openedFrom: OpenedFrom | undefined;
  /** While a checkpoint is being downloaded. */
  readonly restore: RestoringProgress | undefined;
  /** While what was committed before is folded again. */
  readonly refold: RefoldProgress | undefined;
}

/** Where in the log an answer was taken. */
export interface AsOf {
  readonly partition: number;
  /** Every record before it is in the answer, none after. */
  readonly offset: number;
  readonly logTimeMs: number;
}

/** States of a partition at one moment of the log. Call `release`. */
export interface PartitionSnapshot {
  readonly asOf: AsOf;
  /** In key order; `stateText` as the fold encodes it. */
  entries(): AsyncIterable<{ readonly key: string; readonly stateText: string }>;
  /** Rows of the index in key order, beginning after a key. */
  rows(afterKey: string | undefined): AsyncIterable<IndexRow>;
  /** In the order of `keys`; `undefined` for a key without a state. */
  statesOf(keys: readonly string[]): Promise<(string | undefined)[]>;
  release(): Promise<void>;
}

/** A copy of another process's partition. */
export interface StandbyStatus {
  readonly partition: number;
  readonly phase: 'opening' | 'following' | 'closed';
  readonly foldedOffset: number;
  /** What its owner had committed when it was last asked. */
  readonly committedOffset: number;
  /** Records that are committed but not in the copy yet. */
  readonly lag: number;
  /** Since when it came as close as `warmRecords`, it has not fallen far behind again. */
  readonly isWarm: boolean;
}
