import { type RolloutPlan } from '@fleetstream/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toPauseMs, toReleaseSize, toWaves } from './rollout-plan.ts';

const sizesOf = (plan: RolloutPlan, robots: number) => toWaves(plan, robots)?.map(({ from, to }) => to - from);

describe('toWaves', () => {
  it.each<{ name: string; plan: RolloutPlan; robots: number; sizes: number[] | undefined }>([
    { name: 'no plan is one wave', plan: {}, robots: 10, sizes: [10] },
    { name: 'a canary, then all others', plan: { canary: { robots: 3 } }, robots: 10, sizes: [3, 7] },
    { name: 'a canary of all is all', plan: { canary: { percent: 100 } }, robots: 10, sizes: [10] },
    { name: 'a canary of more than there are', plan: { canary: { robots: 99 } }, robots: 10, sizes: [10] },
    { name: 'per cent are rounded up', plan: { canary: { percent: 1 } }, robots: 10, sizes: [1, 9] },
    {
      name: 'waves of a share of all, the last one what is left',
      plan: { canary: { robots: 1 }, wave: { percent: 40 } },
      robots: 10,
      sizes: [1, 4, 4, 1],
    },
    { name: 'no more waves than there may be', plan: { wave: { robots: 1 } }, robots: 1001, sizes: undefined },
  ])('$name', ({ plan, robots, sizes }) => {
    expect(sizesOf(plan, robots)).toEqual(sizes);
  });

  it('covers every robot once, in order', () => {
    const size = fc.oneof(
      fc.record({ robots: fc.integer({ min: 1, max: 50 }) }),
      fc.record({ percent: fc.double({ min: 1, max: 100, noNaN: true }) }),
    );
    const plans = fc.record({ canary: size, wave: size }, { requiredKeys: [] });
    fc.assert(
      fc.property(plans, fc.integer({ min: 1, max: 500 }), (plan, robots) => {
        let next = 0;
        for (const { from, to } of toWaves(plan, robots) ?? []) {
          expect([from, to > from]).toEqual([next, true]);
          next = to;
        }
        expect(next).toBe(robots);
      }),
    );
  });
});

it.each([
  { name: 'as fast as possible: a thousand at once', robotsPerMinute: undefined, size: 1000, pauseMs: 0 },
  { name: 'at least one', robotsPerMinute: 1, size: 1, pauseMs: 60_000 },
  { name: 'every five seconds', robotsPerMinute: 600, size: 50, pauseMs: 5_000 },
  { name: 'never more than a thousand', robotsPerMinute: 60_000, size: 1000, pauseMs: 1_000 },
])('asks robots: $name', ({ robotsPerMinute, size, pauseMs }) => {
  const plan = robotsPerMinute === undefined ? {} : { robotsPerMinute };
  expect(toReleaseSize(plan)).toBe(size);
  expect(toPauseMs(plan, size)).toBe(pauseMs);
});
