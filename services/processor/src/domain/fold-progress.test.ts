import { describe, expect, it } from 'vitest';
import { type FoldPace, toDrainMs, toFoldedProgress, toFoldPace } from './fold-progress.ts';

describe('toFoldedProgress', () => {
  it.each([
    {
      name: 'one stretch has no holes',
      boot: { ranges: [3, 9], floor: 0 },
      told: { from: 3, ackedThrough: 9, missing: [] },
    },
    {
      name: 'between stretches lie holes, of one number too',
      boot: { ranges: [0, 4, 6, 9, 20, 20], floor: 0 },
      told: {
        from: 0,
        ackedThrough: 20,
        missing: [
          [5, 5],
          [10, 19],
        ],
      },
    },
    {
      name: 'below a floor nothing is missing any more',
      boot: { ranges: [50, 60], floor: 50 },
      told: { from: 0, ackedThrough: 60, missing: [] },
    },
  ])('$name', ({ boot, told }) => {
    expect(toFoldedProgress({ bootId: 'b', givenUp: 0, ...boot })).toEqual({ bootid: 'b', ...told });
  });
});

describe('toFoldPace and toDrainMs', () => {
  const look = (from: FoldPace | undefined, folded: number, lag: number, atMs: number) =>
    toFoldPace(from, folded, lag, atMs);
  it('tells how long what waits will take, once it knows the pace', () => {
    const first = look(undefined, 0, 10_000, 0);
    expect(toDrainMs(10_000, first)).toBeGreaterThan(60_000);
    let pace = first;
    for (let n = 1; n <= 30; n += 1) pace = look(pace, n * 2000, 10_000, n * 1000);
    expect(toDrainMs(10_000, pace)).toBeCloseTo(5000, -2);
  });
  it('takes a fold that has nothing to read for idle and not for slow', () => {
    const busy = { atMs: 0, foldedOffset: 0, recordsPerMs: 10 };
    expect(look(busy, 5, 0, 1000).recordsPerMs).toBe(10);
    expect(look(busy, 5, 10_000, 1000).recordsPerMs).toBeLessThan(10);
  });
  it('has no word on a few records', () => {
    expect(toDrainMs(100, { atMs: 0, foldedOffset: 0, recordsPerMs: 0 })).toBe(0);
  });
});
