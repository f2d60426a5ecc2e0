import { describe, expect, it } from 'vitest';
import { percentile } from './percentile.ts';

describe('percentile', () => {
  it.each([
    { name: 'none has none', values: [], share: 0.99, is: undefined },
    { name: 'the only one', values: [7], share: 0.99, is: 7 },
    { name: 'the 99th of a hundred', values: Array.from({ length: 100 }, (_, at) => 100 - at), share: 0.99, is: 99 },
    { name: 'the middle', values: [3, 1, 2], share: 0.5, is: 2 },
  ])('$name', ({ values, share, is }) => {
    expect(percentile(values, share)).toBe(is);
  });
});
