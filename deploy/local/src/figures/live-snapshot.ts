import { type PartState } from '../supervision/supervisor.ts';

/** What the live view shows; `undefined` where nothing is known yet. */
export interface LiveSnapshot {
  readonly elapsedMs: number;
  readonly eventsPerSecond: number | undefined;
  readonly accepted: number | undefined;
  readonly ackMsP50: number | undefined;
  readonly ackMsP99: number | undefined;
  /** Records of the log that are not folded yet. */
  readonly lag: number | undefined;
  readonly robots: number | undefined;
  /** How many robots are `online`, `offline`, …, in the order of their number. */
  readonly robotsByStatus: ReadonlyMap<string, number>;
  readonly openAlerts: number | undefined;
  /** Of the partition whose newest checkpoint is the oldest. */
  readonly checkpointAgeMs: number | undefined;
  readonly parts: readonly PartStatus[];
}

export interface PartStatus {
  readonly name: string;
  readonly state: PartState;
  readonly restarts: number;
  readonly kills: number;
}
