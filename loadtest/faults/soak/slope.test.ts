import { describe, expect, it } from 'vitest';
import { slopePerHour } from './slope.ts';

const everyMinute = (values: readonly number[]) => values.map((value, index) => ({ atMs: index * 60_000, value }));

describe('slopePerHour', () => {
  it.each([
    { name: 'what stays is flat', values: [5, 5, 5], slope: 0 },
    { name: 'one a minute is sixty an hour', values: [0, 1, 2, 3], slope: 60 },
    { name: 'a saw is nearly flat', values: [1, 9, 1, 9, 1], slope: 0 },
    { name: 'one sample says nothing', values: [7], slope: 0 },
  ])('$name', ({ values, slope }) => {
    expect(slopePerHour(everyMinute(values))).toBeCloseTo(slope);
  });
});
