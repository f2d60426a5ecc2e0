import { type ErrorCode } from '@fleetstream/kernel';
import { type OpeningTimes } from './opening-phases.ts';

/** What a task was opened from: the rung of the recovery ladder. */
export type OpenedFrom = 'standby' | 'local' | 'checkpoint' | 'log';

/** What the engine tells whoever counts. Batches, never single records. */
export type EngineEvent = { readonly partition: number } & (
  | {
      readonly kind: 'opened';
      readonly openedFrom: OpenedFrom;
      readonly refoldRecords: number;
      readonly durationMs: number;
      readonly phases: OpeningTimes;
    }
  /** The first record that no owner before had committed was folded: from then on the partition makes progress. */
  | { readonly kind: 'tookOver'; readonly openedFrom: OpenedFrom; readonly durationMs: number }
  /** It did not end in time, and was cut off from its outputs; what it was doing may end later, without effect. */
  | { readonly kind: 'cutOff' }
  | { readonly kind: 'standbyFolded'; readonly records: number }
  | { readonly kind: 'standbyWarm' }
  | { readonly kind: 'standbyFailed'; readonly code: ErrorCode }
  | { readonly kind: 'localStateDiscarded'; readonly reason: 'damaged' | 'ahead' | 'truncated' }
  | { readonly kind: 'checkpointSkipped'; readonly reason: string }
  /** A checkpoint was downloaded, verified and put in its place. */
  | {
      readonly kind: 'restored';
      readonly for: 'opening' | 'drill';
      readonly sizeBytes: number;
      readonly durationMs: number;
    }
  | { readonly kind: 'drilled'; readonly outcome: DrillResult; readonly durationMs: number }
  | ({ readonly kind: 'folded' } & FoldCounts)
  | {
      readonly kind: 'committed';
      readonly outputs: number;
      readonly durationMs: number;
      /** From the append of the transaction's oldest record to the end of the commit. */
      readonly latencyMs: number;
    }
  | { readonly kind: 'stateWritten'; readonly states: number; readonly durationMs: number }
  | { readonly kind: 'stateNotWritten'; readonly code: ErrorCode }
  /** As many changed states wait for a full disk as there may be: nothing is folded until it takes them. */
  | { readonly kind: 'stalled' }
  | { readonly kind: 'resumed'; readonly durationMs: number }
  | {
      readonly kind: 'checkpointed';
      readonly appliedOffset: number;
      readonly uploadedBytes: number;
      readonly durationMs: number;
    }
  | { readonly kind: 'notCheckpointed'; readonly code: ErrorCode }
  | { readonly kind: 'ticked' }
  | { readonly kind: 'notTicked' }
  | { readonly kind: 'failed'; readonly code: ErrorCode }
);

/**
 * What came of a fire drill. `verified`: checkpoint and log gave the live state; `mismatch`: they gave another one;
 * `damaged`: the newest checkpoint could not be restored; `failed`: it could not be finished, which says nothing.
 */
export type DrillResult = 'verified' | 'mismatch' | 'damaged' | 'failed';

export interface FoldCounts {
  readonly records: number;
  readonly ticks: number;
  readonly undecodable: number;
  readonly foldFailures: number;
  /** Timers whose step threw, each among the outputs as a dead letter. */
  readonly timerFailures: number;
  readonly timersFired: number;
  /** Outputs that had been committed before and were not written again. */
  readonly suppressedOutputs: number;
  readonly cacheHits: number;
  readonly cacheMisses: number;
}

export type Observe = (event: EngineEvent) => void;
