/**
 * What became of one event a robot made, as its robot knows it: the acknowledged history that the oracle folds.
 *
 * `unacked` means that no answer ever said: the event may be in the log or not. An id occurs twice when a recording
 * holds an exact duplicate line: the same event was made, sent and answered twice.
 */
export interface JournalEntry {
  readonly robotId: string;
  readonly id: string;
  /** The type as sent, so a dialect's own name for a dialect's event. */
  readonly type: string;
  readonly result: 'accepted' | 'duplicate' | 'rejected' | 'unacked';
  /** Why it was rejected: a code of the error catalogue, or `HTTP_<status>` when the answer carried none. */
  readonly code?: string;
  /** How many requests carried it until it was answered, not counting deliberate duplicates. */
  readonly sends: number;
  /**
   * Hex SHA-256. Events of the product's own types: over the event's bytes as sent, which are canonical. Events of a
   * dialect, which the webhook maps: over `JSON.stringify(data)`, found again in the log as `data.raw`.
   */
  readonly sha256: string;
  /** Milliseconds from sending the request that was answered to its answer; absent for `unacked`. */
  readonly ackMs?: number;
}
