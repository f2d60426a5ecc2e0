import { type FleetEvent } from '@fleetstream/contracts';
import { type FoldPosition } from '@fleetstream/kernel';
import { type Finding } from './series-detector.ts';

/**
 * What judges robots by their events: a function in this process, a network in a worker thread, a service elsewhere.
 * `version` changes whenever the same records could give other findings.
 */
export interface AnomalyModel {
  readonly name: string;
  readonly version: number;
  readonly falseAlarmsPerRobotDay: number;
  /** A fresh memory, for one partition's records in their order. */
  open(): ModelSession;
}

export interface ModelSession {
  /**
   * Judges a micro-batch; one score per record, in order. What a single record is to blame for is a score. A throw
   * means that the model is not to be had at all: the session is then dropped, and a fresh one is shown the partition's
   * recent records again.
   */
  score(records: readonly RobotRecord[]): Promise<readonly RecordScore[]>;
  memory(): ModelMemory;
}

export interface RobotRecord {
  readonly robotId: string;
  readonly event: FleetEvent;
  readonly at: FoldPosition;
}

export type RecordScore =
  | { readonly kind: 'scored'; readonly findings: readonly SeriesFinding[]; readonly withheld: number }
  | { readonly kind: 'skipped'; readonly reason: 'duplicate' | 'late' | 'nothing-to-score' }
  /** The record makes the model fail whenever it comes. */
  | { readonly kind: 'failed'; readonly detail: string };

export interface SeriesFinding extends Finding {
  readonly metric: string;
  readonly unit: string | undefined;
  /** The first record of this series that the judgement rests on. */
  readonly sinceOffset: number;
  /** The record before this one that had a sample of the series. */
  readonly previousOffset: number;
}

export interface ModelMemory {
  readonly robots: number;
  readonly series: number;
  /** Series of which nothing is said yet. */
  readonly warmingUp: number;
}
