import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { balanceShares } from './balance-shares.ts';

const costOf = (costs: readonly (readonly number[])[]) => (row: number, column: number) => costs[row]?.[column] ?? 0;

function total(costs: readonly (readonly number[])[], columns: readonly number[]): number {
  return columns.reduce((sum, column, row) => sum + costOf(costs)(row, column), 0);
}

/** The least cost over everything that is allowed, by trying it all. */
function leastByTrying(costs: readonly (readonly number[])[], columnCount: number): number {
  const share = Math.floor(costs.length / columnCount);
  const larger = costs.length % columnCount;
  const loads = Array<number>(columnCount).fill(0);
  const tryRow = (row: number): number => {
    if (row === costs.length) return loads.filter((load) => load > share).length <= larger ? 0 : Infinity;
    let least = Infinity;
    for (let column = 0; column < columnCount; column += 1) {
      if ((loads[column] ?? 0) > share || (larger === 0 && loads[column] === share)) continue;
      loads[column] = (loads[column] ?? 0) + 1;
      least = Math.min(least, costOf(costs)(row, column) + tryRow(row + 1));
      loads[column] = (loads[column] ?? 0) - 1;
    }
    return least;
  };
  return tryRow(0);
}

describe('balanceShares', () => {
  it('is as even and as cheap as it can be', () => {
    const tables = fc
      .record({ rows: fc.nat(7), columns: fc.integer({ min: 1, max: 4 }) })
      .chain(({ rows, columns }) =>
        fc
          .array(fc.array(fc.nat(20), { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows })
          .map((costs) => ({ costs, columns })),
      );
    fc.assert(
      fc.property(tables, ({ costs, columns }) => {
        const given = balanceShares(costs.length, columns, costOf(costs));
        const loads = Array.from({ length: columns }, (_, column) => given.filter((one) => one === column).length);
        expect(given).toHaveLength(costs.length);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
        expect(total(costs, given)).toBe(leastByTrying(costs, columns));
      }),
      { numRuns: 500 },
    );
  });

  it('gives nothing when there is nobody', () => {
    expect(balanceShares(3, 0, () => 0)).toEqual([]);
  });
});
