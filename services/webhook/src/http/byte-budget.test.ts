import { expect, it } from 'vitest';
import { createByteBudget } from './byte-budget.ts';

it('gives out no more than there is, counts every request, and takes all of it back', () => {
  const budget = createByteBudget(10_000);
  const [first, second, third] = [budget.open(), budget.open(), budget.open()];
  expect([first.take(0), first.take(1000), second.take(0)]).toEqual([true, true, true]);
  expect(budget.usedBytes()).toBe(2 * 4096 + 1000);
  expect([third.take(0), second.take(809), second.take(808)]).toEqual([false, false, true]);
  expect(budget.usedBytes()).toBe(10_000);
  for (const hold of [first, second, third]) hold.release();
  first.release();
  expect(budget.usedBytes()).toBe(0);
});
