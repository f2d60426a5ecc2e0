/**
 * Gives every row to one column so that the shares differ by at most one and the sum of the costs is the least there is
 * under that rule. Among equally cheap solutions the same one is found each time.
 *
 * Rows are added one after the other, each along the cheapest chain of moves that makes room for it (successive shortest
 * paths: https://doi.org/10.1145/321694.321699). Quick enough for a thousand rows and a hundred columns.
 *
 * @param cost of giving a row to a column; finite, not negative
 * @returns the column of each row; empty when there is no column
 */
export function balanceShares(
  rowCount: number,
  columnCount: number,
  cost: (row: number, column: number) => number,
): number[] {
  if (columnCount === 0) return [];
  const costs = Array.from({ length: rowCount }, (_, row) =>
    Array.from({ length: columnCount }, (_, column) => cost(row, column)),
  );
  const shares = new Shares(costs, columnCount);
  for (let row = 0; row < rowCount; row += 1) shares.add(row);
  return shares.columnOf;
}

const nobody = -1;

/** How a column was reached: a row came from another column, or that one let it have the right to one row more. */
interface Step {
  readonly from: number;
  readonly row: number | undefined;
}

class Shares {
  readonly columnOf: number[] = [];
  readonly #costs: readonly (readonly number[])[];
  readonly #loads: number[];
  readonly #share: number;
  /** Columns that may hold one row more than the others. */
  readonly #larger: number;

  constructor(costs: readonly (readonly number[])[], columnCount: number) {
    this.#costs = costs;
    this.#loads = Array<number>(columnCount).fill(0);
    this.#share = Math.floor(costs.length / columnCount);
    this.#larger = costs.length % columnCount;
  }

  add(row: number): void {
    const distances = [...(this.#costs[row] ?? [])];
    const steps: Step[] = distances.map(() => ({ from: nobody, row }));
    while (this.#relax(distances, steps));
    let column = this.#cheapestWithRoom(distances);
    while (column !== nobody) {
      const step = steps[column];
      if (step === undefined) return;
      if (step.row !== undefined) this.#move(step.row, column);
      column = step.from;
    }
  }

  /** One round of Bellman and Ford's. @returns whether anything got cheaper */
  #relax(distances: number[], steps: Step[]): boolean {
    let changed = false;
    const offer = (to: number, distance: number, step: Step) => {
      if (distance >= (distances[to] ?? 0)) return;
      distances[to] = distance;
      steps[to] = step;
      changed = true;
    };
    this.columnOf.forEach((from, row) => {
      const costs = this.#costs[row] ?? [];
      const base = (distances[from] ?? 0) - (costs[from] ?? 0);
      costs.forEach((cost, to) => {
        if (to !== from) offer(to, base + cost, { from, row });
      });
    });
    this.#loads.forEach((load, from) => {
      if (load !== this.#share) return;
      this.#loads.forEach((other, to) => {
        if (other > this.#share) offer(to, distances[from] ?? 0, { from, row: undefined });
      });
    });
    return changed;
  }

  #cheapestWithRoom(distances: readonly number[]): number {
    const larger = this.#loads.filter((load) => load > this.#share).length;
    const limit = larger < this.#larger ? this.#share + 1 : this.#share;
    let best = nobody;
    this.#loads.forEach((load, column) => {
      if (load >= limit) return;
      if (best === nobody || (distances[column] ?? 0) < (distances[best] ?? 0)) best = column;
    });
    return best;
  }

  #move(row: number, column: number): void {
    const before = this.columnOf[row];
    if (before !== undefined) this.#loads[before] = (this.#loads[before] ?? 0) - 1;
    this.columnOf[row] = column;
    this.#loads[column] = (this.#loads[column] ?? 0) + 1;
  }
}
