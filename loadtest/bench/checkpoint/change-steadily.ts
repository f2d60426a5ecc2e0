import { type BenchStage } from '../robot-states/bench-stage.ts';
import { type CheckpointOptions } from './checkpoint-options.ts';

/** Before anything is counted. */
export const settleIntervals = 2;

/** As many robots change from one checkpoint to the next as are asked for, each once. */
export function changeSteadily(
  { traffic }: BenchStage,
  { robots, intervalMs }: CheckpointOptions,
  changedPercent: number,
): { readonly stop: () => Promise<void> } {
  return traffic.startSteadily(((robots * changedPercent) / 100 / intervalMs) * 1000);
}
