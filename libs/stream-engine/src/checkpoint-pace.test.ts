import { describe, expect, it } from 'vitest';
import { CheckpointPace } from './checkpoint-pace.ts';

describe('CheckpointPace', () => {
  it.each([
    { name: 'six partitions share half of the interval', partitions: 6, begun: [0, 100, 200, 300, 400, 500, 600] },
    { name: 'two of them', partitions: 2, begun: [0, 300, 600] },
    { name: 'one has it for itself', partitions: 1, begun: [0, 600] },
    { name: 'none counts as one', partitions: 0, begun: [0, 600] },
  ])('lets checkpoints begin one after the other: $name', ({ partitions, begun }) => {
    const pace = new CheckpointPace(1200, () => partitions);
    const asked = Array.from({ length: 61 }, (_, index) => index * 10);
    expect(asked.filter((nowMs) => pace.mayBegin(nowMs))).toEqual(begun);
  });

  it('goes by the partitions that are open when one begins', () => {
    let partitions = 1;
    const pace = new CheckpointPace(1200, () => partitions);
    expect(pace.mayBegin(0)).toBe(true);
    partitions = 6;
    expect([599, 600, 699, 700].map((nowMs) => pace.mayBegin(nowMs))).toEqual([false, true, false, true]);
  });

  it('lets each of many begin within an interval and a half, also the one that always asks last', () => {
    const [partitions, intervalMs, askMs] = [64, 10_000, 10];
    const pace = new CheckpointPace(intervalMs, () => partitions);
    const last = new Map<number, number>();
    let longestMs = 0;
    for (let nowMs = 0; nowMs < 100_000; nowMs += askMs) {
      for (let partition = 0; partition < partitions; partition += 1) {
        const startMs = last.get(partition) ?? 0;
        if (nowMs - startMs < intervalMs || !pace.mayBegin(nowMs)) continue;
        longestMs = Math.max(longestMs, nowMs - startMs);
        last.set(partition, nowMs);
      }
    }
    expect(last.size).toBe(partitions);
    expect(longestMs).toBeLessThanOrEqual(intervalMs * 1.5 + partitions * askMs);
  });
});
