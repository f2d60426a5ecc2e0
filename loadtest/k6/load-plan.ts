/**
 * What a k6 script is told, as a JSON file: k6 runs scripts in an engine of its own, without Node's modules, so secrets
 * are derived before it starts.
 */
export interface LoadPlan {
  /** The gateway, without a slash at the end. */
  readonly gatewayUrl: string;
  /** Part of every event's id, so that no run meets the duplicates of another. */
  readonly runId: string;
  /** One robot a virtual user at least: a robot sends one request at a time, and counts its events. */
  readonly robots: readonly LoadRobot[];
  readonly vus: number;
  readonly durationSeconds: number;
  /** Requests begun per second, whatever the answers take. */
  readonly requestsPerSecond: number;
  readonly eventsPerRequest: number;
  readonly latencyMsP99Max: number;
  /** Where k6 writes its summary. */
  readonly summaryFile: string;
}

export interface LoadRobot {
  readonly robotId: string;
  readonly secretBase64: string;
}
