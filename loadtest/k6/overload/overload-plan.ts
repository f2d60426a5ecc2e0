import { type LoadRobot } from '../load-plan.ts';

/** What robots send, by how much it matters; `mixed` is a batch of telemetry with one safety event inside. */
export const loadKinds = ['telemetry', 'mixed', 'state', 'reply', 'safety'] as const;
export type LoadKind = (typeof loadKinds)[number];

/** Events are counted by what they say, whatever batch they came in. */
export const eventClasses = ['telemetry', 'state', 'reply', 'safety'] as const;
export type EventClass = (typeof eventClasses)[number];

export interface LoadStream {
  readonly kind: LoadKind;
  /** Requests begun per second whatever the answers take; left out, each robot sends when it was answered. */
  readonly requestsPerSecond?: number;
  /** Robots, each with one request at a time. */
  readonly vus: number;
}

/** What `overload.ts` is told, as a file. */
export interface OverloadPlan {
  readonly gatewayUrl: string;
  readonly runId: string;
  /** One for each virtual user of all streams. */
  readonly robots: readonly LoadRobot[];
  readonly streams: readonly LoadStream[];
  readonly eventsPerBatch: number;
  readonly durationSeconds: number;
  readonly summaryFile: string;
}
