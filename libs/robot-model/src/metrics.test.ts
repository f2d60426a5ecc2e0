import { describe, expect, it } from 'vitest';
import { type Metric, noMetrics, stepMetrics } from './metrics.ts';

type Row = readonly [metrics: Record<string, { value: number; unit?: string }>, late?: boolean];

const fold = (events: readonly Row[], namesMax = 2) =>
  events.reduce(
    (before, [metrics, late = false], at) => stepMetrics(before, { metrics, nowMs: at, late }, namesMax),
    noMetrics,
  );

describe('stepMetrics', () => {
  it.each<{ name: string; given: readonly Row[]; byName: Record<string, Metric> }>([
    {
      name: 'the first value is all of them',
      given: [[{ v: { value: 3, unit: 'V' } }]],
      byName: { v: { last: 3, min: 3, max: 3, count: 1, unit: 'V', lastMs: 0 } },
    },
    {
      name: 'later ones move last, min and max',
      given: [[{ v: { value: 3 } }], [{ v: { value: 5 } }], [{ v: { value: 4 } }]],
      byName: { v: { last: 4, min: 3, max: 5, count: 3, lastMs: 2 } },
    },
    {
      name: 'a late one counts but is not the last',
      given: [[{ v: { value: 3 } }], [{ v: { value: 9 } }, true]],
      byName: { v: { last: 3, min: 3, max: 9, count: 2, lastMs: 0 } },
    },
    {
      name: 'a late one of an unknown name is all that is known',
      given: [[{ v: { value: 3 } }, true]],
      byName: { v: { last: 3, min: 3, max: 3, count: 1, lastMs: 0 } },
    },
    {
      name: 'a name that every object inherits is a name',
      given: [[{ constructor: { value: 1 } }]],
      byName: { constructor: { last: 1, min: 1, max: 1, count: 1, lastMs: 0 } },
    },
    {
      name: 'a unit is kept when it is left out',
      given: [[{ v: { value: 3, unit: 'V' } }], [{ v: { value: 3 } }]],
      byName: { v: { last: 3, min: 3, max: 3, count: 2, unit: 'V', lastMs: 1 } },
    },
  ])('$name', ({ given, byName }) => {
    expect(fold(given)).toEqual({ byName, overflow: 0 });
  });

  it('keeps the first names and counts the values of the others', () => {
    const { byName, overflow } = fold([
      [{ b: { value: 1 }, a: { value: 1 }, c: { value: 1 } }],
      [{ c: { value: 2 }, a: { value: 2 } }],
    ]);
    expect(Object.keys(byName)).toEqual(['a', 'b']);
    expect(overflow).toBe(2);
  });

  it('gives equal texts whichever name came first', () => {
    const one = stepMetrics(
      stepMetrics(noMetrics, { metrics: { a: { value: 1 } }, nowMs: 5, late: false }, 9),
      { metrics: { b: { value: 2 } }, nowMs: 5, late: false },
      9,
    );
    const other = stepMetrics(
      stepMetrics(noMetrics, { metrics: { b: { value: 2 } }, nowMs: 5, late: false }, 9),
      { metrics: { a: { value: 1 } }, nowMs: 5, late: false },
      9,
    );
    expect(JSON.stringify(one)).toBe(JSON.stringify(other));
  });
});
