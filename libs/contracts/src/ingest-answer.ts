import { type ErrorCode } from '@fleetstream/kernel';

/**
 * What became of one event of a request.
 * - `accepted`: acknowledged by the log with acks=all
 * - `duplicate`: an event with this id was accepted before
 * - `rejected`: will never be accepted as it is; `code` says why
 * - `retry`: not known or not now; send it again with the same id
 */
export interface EventResult {
  readonly id: string;
  readonly result: 'accepted' | 'duplicate' | 'rejected' | 'retry';
  readonly code?: ErrorCode;
  readonly detail?: string;
}

/**
 * What the processor has folded and stored of one boot of a robot. Of the sequence numbers from `from` to `ackedThrough`
 * all are in the state but those in `missing`, so a robot that doesn't know what arrived sends again only these and what
 * lies outside. A hint, as old as the last report of the processor: what it leaves out may be in the log.
 */
export interface FoldedProgress {
  readonly bootid: string;
  readonly from: number;
  readonly ackedThrough: number;
  /** First and last of each hole, both missing; ascending. */
  readonly missing: readonly (readonly [number, number])[];
}

/** What every answer to events may say beside its results. */
export interface IngestHints {
  /** Of the boots that the request's events name. */
  readonly folded?: readonly FoldedProgress[];
  /** The platform is behind: report no more often than this, urgent events apart. */
  readonly reportEveryMs?: number;
  /**
   * Our clock less that of the request's signature, the way of the request included; said from 5 s on. No request is
   * refused for it.
   */
  readonly clockOffsetMs?: number;
  /** Handed over by this answer to a robot that asked (`Prefer: commands`), as a poll would have. */
  readonly commands?: readonly Readonly<Record<string, unknown>>[];
  /** The same as VDA 5050 messages, where the robot asked for them so. */
  readonly orders?: readonly object[];
  readonly instantActions?: readonly object[];
  /** To a robot that asked: some are due and not in this answer, so it should poll. */
  readonly commandsDue?: boolean;
}

/** The body of a `202`. */
export interface IngestAnswer extends IngestHints {
  readonly results: readonly EventResult[];
}

/** RFC 9457. `results` is there when single events have outcomes of their own. */
export interface Problem extends IngestHints {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly hint: string;
  readonly requestId?: string;
  readonly results?: readonly EventResult[];
}
