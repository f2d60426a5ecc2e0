/**
 * A pure fold over one key's records: what `libs/robot-model` implements and `libs/stream-engine` runs.
 *
 * Laws, on which recovery, testing and replay rest:
 * - Same arguments, same answer: no clock, no randomness, no I/O. "Now" is `at.nowMs`, the log's time.
 * - States are values: `step` never changes the state it was given.
 * - `decodeState(encodeState(s))` behaves exactly as `s`, and encodes to the same text again.
 * - A timer may be fired at any moment between its due time and the key's next record: the result is the same.
 */
export interface Fold<State, Input> {
  readonly name: string;
  /** Raised when the encoding changes; a store written by a higher one is refused. */
  readonly stateVersion: number;
  /**
   * By an older version, its text as one of the next version. From a version that is absent on, texts are read as they
   * are.
   */
  readonly upgrades?: Readonly<Record<number, (text: string) => string>>;
  /** The state of a key before its first record. */
  initial(key: string): State;
  step(state: State, input: Input, at: FoldPosition): Transition<State>;
  /** When the key's earliest timer is due, in log milliseconds; `undefined` when it has none. */
  dueAt(state: State): number | undefined;
  /**
   * Fires what is due at exactly `dueMs`, which is "now" for this step. Afterwards `dueAt` is later or undefined; where
   * it isn't, or where this throws, the state stays as it was and has no timer until the key's next record is folded.
   */
  onTimer(state: State, key: string, dueMs: number): Transition<State>;
  /** Canonical: equal states give equal texts. */
  encodeState(state: State): string;
  decodeState(text: string): State;
}

/** Where a record stands in the log. */
export interface FoldPosition {
  readonly partition: number;
  readonly offset: number;
  /** The broker's append time (LogAppendTime) in milliseconds since the epoch. */
  readonly nowMs: number;
}

export interface Transition<State> {
  readonly state: State;
  readonly outputs: readonly FoldOutput[];
  /** The key has no state from here on: what is stored of it goes, and its next record begins with `initial`. */
  readonly ended?: boolean;
}

/** A record to be written in the same transaction as the input's offset. Its partition is the input's. */
export interface FoldOutput {
  readonly topic: string;
  readonly key: string;
  /**
   * A structured CloudEvent whose id is deterministic: `partition-offset-index`, or `key@dueMs-index` for timers.
   * `null` is a tombstone: a compacted topic forgets the key.
   */
  readonly value: string | null;
}

/** What a decoder makes of a record of the log. */
export type Decoded<Input> =
  | { readonly kind: 'input'; readonly key: string; readonly input: Input }
  /** Carries nothing but its log time: it lets the timers of an idle partition fire. */
  | { readonly kind: 'tick' }
  | { readonly kind: 'poison'; readonly reason: 'FS_RECORD_UNDECODABLE'; readonly detail: string };
