import { type LogRecord } from '@fleetstream/kafka';
import { type Decoded, type Fold, type Log } from '@fleetstream/kernel';
import { type Observe } from './engine-event.ts';
import { type EngineLimits } from './engine-limits.ts';
import { type EnginePorts } from './engine-ports.ts';
import { type StateIndex } from './state-index.ts';

export interface StreamEngineOptions<State, Input> {
  readonly fold: Fold<State, Input>;
  /** Awaited before the records of a batch are decoded, for what decoding can't wait for. */
  readonly prepare?: (records: readonly LogRecord[]) => Promise<void>;
  readonly decode: (record: LogRecord) => Decoded<Input>;
  readonly inputTopic: string;
  readonly deadLetterTopic: string;
  readonly ports: EnginePorts;
  readonly limits: EngineLimits;
  /** Holds a folder for each partition. One process at a time. */
  readonly stateDir: string;
  /** Rows for lists; left out, `rows` of a snapshot can't be asked for. */
  readonly index?: StateIndex<State>;
  /** Begin at the log's start, with empty states, when neither a state nor the log reaches back far enough. */
  readonly allowStateLoss: boolean;
  readonly log: Log;
  readonly observe: Observe;
  /**
   * Told after each batch that the local store has taken, before anything else is folded. Synchronous and cheap, for
   * the partition waits meanwhile. A refold tells what an earlier life told already. What it throws is logged and
   * changes nothing.
   */
  readonly afterStore?: (stored: StoredStates<State>) => void;
  /** Left out: this engine keeps no copies of others' partitions. */
  readonly standby?: StandbyOptions;
}

/** What copies of others' partitions need. */
export interface StandbyOptions {
  /** What the partition's owner has committed; `undefined` when nothing yet. @throws AppError FS_BROKER_UNAVAILABLE */
  readonly committedOffset: (partition: number) => Promise<number | undefined>;
  /** How often a copy that is up to date asks. */
  readonly pollMs: number;
  /** A copy at most this far behind what is committed is warm; told each time that it becomes so. */
  readonly warmRecords: number;
}

/** Committed states as the local store has them now. */
export interface StoredStates<State> {
  readonly partition: number;
  /** Every record before it is in the states. */
  readonly appliedOffset: number;
  /** What changed since the batch before. Read it before the call returns. */
  readonly changed: Iterable<{ readonly key: string; readonly state: State }>;
}
