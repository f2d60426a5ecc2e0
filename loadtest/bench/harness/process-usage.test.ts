import { describe, expect, it } from 'vitest';
import { parseCpuTicks } from './process-usage.ts';

describe('parseCpuTicks', () => {
  it.each([
    { name: 'adds user and system time', stat: '1 (node) S 1 1 1 0 -1 4 5 6 7 8 30 12 0 0', ticks: 42 },
    { name: 'takes a name with brackets for one field', stat: '1 (a) b) S 1 1 1 0 -1 4 5 6 7 8 1 2 0 0', ticks: 3 },
  ])('$name', ({ stat, ticks }) => {
    expect(parseCpuTicks(stat)).toBe(ticks);
  });
});
