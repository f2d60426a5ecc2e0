import { atLeast, atMost, type Check } from '../../check.ts';
import { type Uploads } from './checkpoint-figures.ts';
import { changedPercents } from './checkpoint-options.ts';
import { type OurCheckpoints } from './measure-ours.ts';

/**
 * Uploaded over changed, by percent of changed robots; and the p99 of a batch while checkpointing over that without, of
 * which a third to a half is there without any checkpoint (ADR 24).
 */
const limits = { uploadRatio: { 1: 6, 10: 2.5 }, overFlink: 1, stallRatio: 3 };
/** Fewer say nothing of a hundredth. */
const samplesMin = 200;

export interface Measured {
  readonly ours: OurCheckpoints;
  /** `undefined` when ours runs alone. */
  readonly flink: readonly Uploads[] | undefined;
}

export function checkCheckpoints({ ours, flink }: Measured, isQuick: boolean): Check[] {
  return changedPercents.flatMap((percent) => {
    const mine = ours.uploads.find(({ changedPercent }) => changedPercent === percent);
    const theirs = flink?.find(({ changedPercent }) => changedPercent === percent);
    const stall = ours.stalls.find(({ changedPercent }) => changedPercent === percent);
    const at = `${percent} % changed:`;
    if (isQuick) return [atLeast(`${at} checkpoints counted`, mine?.checkpoints, 1)];
    return [
      atMost(`${at} bytes uploaded over bytes changed`, mine?.ratio, limits.uploadRatio[percent]),
      ...(flink === undefined
        ? []
        : [atMost(`${at} the same over Flink's`, divide(mine?.ratio, theirs?.ratio), limits.overFlink)]),
      atLeast(`${at} batches timed while checkpointing`, stall?.samplesDuring, samplesMin),
      atMost(`${at} p99 of a batch while checkpointing over without`, stall?.ratio, limits.stallRatio),
    ];
  });
}

function divide(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : Number((a / b).toFixed(3));
}
