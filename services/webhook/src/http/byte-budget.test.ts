import { expect, it } from 'vitest';
import { createByteBudget } from './byte-budget.ts';

it('gives out no more than there is, counts every request, and takes all of it back', () => {
  const budget = createByteBudget(10_000);
  const [first, second, third] = [budget.open(true), budget.open(true), budget.open(true)];
  expect([first.take(0), first.take(1000), second.take(0)]).toEqual([true, true, true]);
  expect(budget.usedBytes()).toBe(2 * 4096 + 1000);
  expect([third.take(0), second.take(809), second.take(808)]).toEqual([false, false, true]);
  expect(budget.usedBytes()).toBe(10_000);
  for (const hold of [first, second, third]) hold.release();
  first.release();
  expect(budget.usedBytes()).toBe(0);
});

it('keeps a tenth for what is urgent', () => {
  const budget = createByteBudget(100_000);
  const flood = budget.open(false);
  expect([flood.take(85_904), flood.take(1)]).toEqual([true, false]);
  expect(budget.open(false).take(0)).toBe(false);
  const urgent = budget.open(true);
  expect([urgent.take(1000), urgent.take(5000)]).toEqual([true, false]);
});
