import { describe, expect, it } from 'vitest';
import { toColumns } from './to-columns.ts';

describe('toColumns', () => {
  it.each([
    {
      name: 'a column is as wide as its widest cell',
      rows: [['long name', '1']],
      lines: ['A          B', 'long name  1'],
    },
    { name: 'a heading may be the widest', rows: [['', '1']], lines: ['A  B', '   1'] },
    { name: 'nothing trails', rows: [['x', '']], lines: ['A  B', 'x'] },
    { name: 'without rows there are the headings', rows: [], lines: ['A  B'] },
  ])('$name', ({ rows, lines }) => {
    expect(toColumns(['A', 'B'], rows)).toEqual(lines);
  });
});
