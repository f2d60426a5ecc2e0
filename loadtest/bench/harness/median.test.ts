import { describe, expect, it } from 'vitest';
import { median } from './median.ts';
import { runAlternately } from './run-alternately.ts';

describe('median', () => {
  it.each([
    { name: 'none has none', values: [], middle: undefined },
    { name: 'the middle of three', values: [9, 1, 5], middle: 5 },
    { name: 'between the two middle ones of four', values: [1, 10, 2, 4], middle: 3 },
  ])('$name', ({ values, middle }) => {
    expect(median(values)).toBe(middle);
  });
});

describe('runAlternately', () => {
  it('runs each variant once a round and lets another begin each time', async () => {
    const order: string[] = [];
    const variants = ['a', 'b', 'c'].map((name) => ({ name, run: () => Promise.resolve(order.push(name)) }));
    const all = await runAlternately(variants, 3, () => undefined);
    expect(order.join('')).toBe('abcbcacab');
    expect([...all.values()].map((runs) => runs.length)).toEqual([3, 3, 3]);
  });
});
