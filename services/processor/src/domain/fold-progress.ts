import { type FoldedProgress } from '@fleetstream/contracts';
import { type RobotState } from '@fleetstream/robot-model';

/**
 * What a robot may be told of one of its boots. Below a floor events are not folded any more, so nothing is missing
 * there: a robot that was told so would send them for ever.
 */
export function toFoldedProgress({ bootId, ranges, floor }: RobotState['boots'][number]): FoldedProgress {
  const missing: [number, number][] = [];
  for (let at = 1; at + 1 < ranges.length; at += 2) missing.push([(ranges[at] ?? 0) + 1, (ranges[at + 1] ?? 0) - 1]);
  return { bootid: bootId, from: floor > 0 ? 0 : (ranges[0] ?? 0), ackedThrough: ranges.at(-1) ?? 0, missing };
}

/** How fast a partition's fold is, from one look to the next. */
export interface FoldPace {
  readonly atMs: number;
  readonly foldedOffset: number;
  readonly recordsPerMs: number;
}

/** Each look weighs this much: a pause of a second is no stop. */
const paceWeight = 0.3;
/** So little is read with the next fetch, whatever the pace. */
const fewRecords = 500;

/** The pace after another look. It is measured while there is something to read only: an idle fold is not a slow one. */
export function toFoldPace(before: FoldPace | undefined, foldedOffset: number, lag: number, atMs: number): FoldPace {
  if (before === undefined || foldedOffset < before.foldedOffset) return { atMs, foldedOffset, recordsPerMs: 0 };
  const elapsedMs = atMs - before.atMs;
  if (elapsedMs <= 0) return before;
  const recordsPerMs = (foldedOffset - before.foldedOffset) / elapsedMs;
  if (lag <= fewRecords && recordsPerMs < before.recordsPerMs) return { ...before, atMs, foldedOffset };
  return { atMs, foldedOffset, recordsPerMs: before.recordsPerMs + (recordsPerMs - before.recordsPerMs) * paceWeight };
}

const drainMsMax = 3_600_000;

/** What reading `lag` records takes at this pace, in milliseconds. */
export function toDrainMs(lag: number, { recordsPerMs }: FoldPace): number {
  if (lag <= fewRecords) return 0;
  return recordsPerMs <= 0 ? drainMsMax : Math.min(drainMsMax, lag / recordsPerMs);
}
