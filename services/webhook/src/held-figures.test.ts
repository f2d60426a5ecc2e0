import { describe, expect, it } from 'vitest';
import { holdCount, holdValues } from './held-figures.ts';

describe('holdValues', () => {
  it.each([
    { name: 'tells nothing before it is asked', count: 1023, handed: false, told: 0 },
    { name: 'tells everything when it is asked', count: 1023, handed: true, told: 1023 },
    { name: 'tells by itself when it is full', count: 1025, handed: false, told: 1024 },
    { name: 'tells nothing twice', count: 1025, handed: true, told: 1025 },
  ])('$name', ({ count, handed, told }) => {
    const seen: number[] = [];
    const values = holdValues((value) => seen.push(value));
    for (let value = 0; value < count; value += 1) values.add(value);
    if (handed) values.hand();
    expect(seen).toEqual(Array.from({ length: told }, (_, value) => value));
  });
});

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
