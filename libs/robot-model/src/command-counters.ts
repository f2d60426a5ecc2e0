/** What happened around commands without being a transition, and how many there were. */
export interface CommandCounters {
  /** Requests with an id that was not known. */
  readonly requested: number;
  /** Requests with a known id, which had no second effect. */
  readonly repeated: number;
  /** Answers and delivery results for commands that are not known (any more). */
  readonly unknown: number;
  /** Attempts to deliver that came to nothing. */
  readonly undeliverable: number;
  /** What the robot said, not late, that would move a command back or away from its end. */
  readonly contradictions: number;
  /** Word of an earlier try, or an answer to a question that is not open any more. */
  readonly stale: number;
  /** Approvals by who had made the request, or of what needs none: they moved nothing. */
  readonly idleApprovals: number;
}

export const noCommandCounts: CommandCounters = {
  requested: 0,
  repeated: 0,
  unknown: 0,
  undeliverable: 0,
  contradictions: 0,
  stale: 0,
  idleApprovals: 0,
};
