/** What the model decides by. Part of the model: another value gives another history, so change it only with care. */
export interface RobotRules {
  /** A robot that was silent for this long, in log milliseconds, is offline; exactly at the limit it is. */
  readonly offlineAfterMs: number;
  /** Boots remembered (some robots count per channel); the one not heard of for longest is forgotten. */
  readonly bootsMax: number;
  /** Stretches of sequence numbers remembered per boot, so `sequenceRangesMax - 1` open gaps. */
  readonly sequenceRangesMax: number;
  /** Ids remembered for events without a sequence: at least half of this many, at most all. */
  readonly recentIdsMax: number;
  /** Metric names kept per robot; what is beyond is counted. */
  readonly metricNamesMax: number;
  /** A pose alone is published at most this often, in log milliseconds. */
  readonly posePublishedEveryMs: number;
  /** The state of a retired robot ends this long after the last thing that happened to it, in log milliseconds. */
  readonly retiredKeptMs: number;
  /** Commands that have not ended; a request beyond them is rejected. */
  readonly commandsOpenMax: number;
  /** Commands that are due for delivery or with the robot; the others wait for their turn. */
  readonly commandsInFlightMax: number;
  /** Ended commands remembered, by which a repeated request is known. */
  readonly commandsFinishedMax: number;
  /** Places beyond `commandsOpenMax` for cancels alone. */
  readonly commandsReservedMax: number;
  /** A command that was handed over and of which the robot says nothing for this long is UNKNOWN, in log milliseconds. */
  readonly commandAnswerWithinMs: number;
  /** For this long the robot may tell what came of an UNKNOWN command, in log milliseconds. */
  readonly commandSettleWithinMs: number;
  /** Log milliseconds before the second try; doubled for each further one. */
  readonly commandRetryMs: number;
}

export const defaultRobotRules: RobotRules = {
  offlineAfterMs: 30_000,
  bootsMax: 8,
  sequenceRangesMax: 32,
  recentIdsMax: 256,
  metricNamesMax: 64,
  posePublishedEveryMs: 1_000,
  retiredKeptMs: 7 * 86_400_000,
  commandsOpenMax: 64,
  commandsInFlightMax: 4,
  commandsFinishedMax: 16,
  commandsReservedMax: 8,
  commandAnswerWithinMs: 20_000,
  commandSettleWithinMs: 600_000,
  commandRetryMs: 1_000,
};
