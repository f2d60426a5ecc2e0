import { describe, expect, it } from 'vitest';
import { createCheckpointMoments } from './checkpoint-moments.ts';

describe('createCheckpointMoments', () => {
  it.each([
    { name: 'before it', fromMs: 900, toMs: 990, side: 'without' },
    { name: 'reaching into it', fromMs: 900, toMs: 1010, side: 'during' },
    { name: 'around all of it', fromMs: 900, toMs: 1090, side: 'during' },
    { name: 'in it alone', fromMs: 1010, toMs: 1020, side: 'during' },
    { name: 'between it and its control', fromMs: 1060, toMs: 1190, side: 'without' },
    { name: 'reaching into its control', fromMs: 1060, toMs: 1210, side: 'control' },
    { name: 'in both', fromMs: 1040, toMs: 1210, side: 'during' },
    { name: 'after its control', fromMs: 1251, toMs: 1300, side: 'without' },
  ])('a checkpoint from 1000 to 1050 ms, and a batch $name', ({ fromMs, toMs, side }) => {
    let nowMs = 1000;
    const moments = createCheckpointMoments(() => nowMs);
    // What ended before the checkpoint did was asked about before it.
    const ask = () => moments.touched(toMs - fromMs);
    if (toMs <= 1000) {
      nowMs = toMs;
      expect(ask()).toBe(side);
      return;
    }
    moments.begin();
    nowMs = Math.min(toMs, 1050);
    if (toMs < 1050) {
      expect(ask()).toBe(side);
      return;
    }
    moments.end();
    nowMs = toMs;
    expect(ask()).toBe(side);
  });
});
