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

/** The body of a `202`. */
export interface IngestAnswer {
  readonly results: readonly EventResult[];
}

/** RFC 9457. `results` is there when single events have outcomes of their own. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly hint: string;
  readonly requestId?: string;
  readonly results?: readonly EventResult[];
}
