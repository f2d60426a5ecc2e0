/** What is shed: 0 nothing, 1 telemetry, 2 states too, 3 all that isn't urgent, most of it unread. */
export type PressureLevel = 0 | 1 | 2 | 3;

/** Shares of what a pod can bear, each 0 to 1 and beyond. */
export interface PressureShares {
  /** Bytes of requests held, of those it may hold. */
  readonly requests: number;
  /** Bytes that wait for the log, of those that may. */
  readonly log: number;
  /** What the log takes to acknowledge, of what it may. */
  readonly ack: number;
  /** How late the event loop is, of how late it may be. */
  readonly loop: number;
  /** The heap in use, of its limit. */
  readonly memory: number;
}

export type PressureCause = keyof PressureShares;

/** A heap is half full in the best of times: only the last part of it is pressure. */
const calmMemory = 0.6;

/** The level that the worst of the shares calls for, and which it is. */
export function toPressure(shares: PressureShares): { readonly level: PressureLevel; readonly cause: PressureCause } {
  let worst = 0;
  let cause: PressureCause = 'requests';
  for (const [name, share] of Object.entries(shares) as [PressureCause, number][]) {
    const felt = name === 'memory' ? toFeltMemory(share) : share;
    if (felt > worst) {
      worst = felt;
      cause = name;
    }
  }
  return { level: toLevel(worst), cause };
}

/** The level that a share calls for, felt as it is. */
export function toLevel(share: number): PressureLevel {
  if (share < 0.5) return 0;
  if (share < 0.75) return 1;
  return share < 0.9 ? 2 : 3;
}

/** A heap's share as it is felt beside the other shares. */
export function toFeltMemory(share: number): number {
  return Math.max(0, (share - calmMemory) / (1 - calmMemory));
}

const reportMsMin = 500;
const reportMsMax = 30_000;
/** A fold that needs longer than this for what waits is behind. */
const drainMsMax = 5000;

/**
 * The next reporting interval: doubled while the platform is behind, given back by a quarter at a time when it isn't, so
 * that a fleet doesn't come back all at once (multiplicative both ways, with the slower way out). 0: no wish.
 */
export function toReportInterval(currentMs: number, drainMs: number, level: PressureLevel): number {
  if (drainMs > drainMsMax || level > 0) return Math.min(reportMsMax, Math.max(reportMsMin, currentMs * 2));
  const nextMs = Math.floor(currentMs * 0.75);
  return nextMs < reportMsMin ? 0 : nextMs;
}
