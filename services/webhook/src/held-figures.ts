/** What was counted or measured and not yet told to whoever keeps the series. */
export interface HeldFigures {
  add(value: number): void;
  /** Tells everything held. */
  hand(): void;
}

const valuesHeld = 1024;

/**
 * Holds measurements back and tells them one behind the other: a histogram's buckets, labels and maps are then in the
 * processor's caches. Told one by one, between other work, three series cost a request 6 µs.
 */
export function holdValues(observe: (value: number) => void): HeldFigures {
  const values = new Float64Array(valuesHeld);
  let held = 0;
  const hand = () => {
    for (let index = 0; index < held; index += 1) observe(values[index] ?? 0);
    held = 0;
  };
  return {
    add: (value) => {
      values[held] = value;
      held += 1;
      if (held === valuesHeld) hand();
    },
    hand,
  };
}

/** The same for a count: all that is held is its sum. */
export function holdCount(increase: (by: number) => void): HeldFigures {
  let sum = 0;
  return {
    add: (by) => {
      sum += by;
    },
    hand: () => {
      increase(sum);
      sum = 0;
    },
  };
}
