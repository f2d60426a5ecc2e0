import { describe, expect, it } from 'vitest';
import { holdCount } from './hold-count.ts';

describe('holdCount', () => {
  it('tells the sum since it last told', () => {
    const told: number[] = [];
    const count = holdCount((by) => told.push(by));
    count.add(2);
    count.add(3);
    count.hand();
    count.add(1);
    count.hand();
    expect(told).toEqual([5, 1]);
  });
});
