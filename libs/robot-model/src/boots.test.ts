import { describe, expect, it } from 'vitest';
import { type Boots, placeSequence } from './boots.ts';

const limits = { bootsMax: 2, sequenceRangesMax: 2 };

/** Places one after another and gives the last verdict with all boots. */
function place(given: readonly (readonly [bootId: string, sequence: number])[]): {
  kinds: string[];
  boots: Boots;
  forgotten: number;
} {
  let boots: Boots = [];
  let forgotten = 0;
  const kinds = given.map(([bootId, sequence]) => {
    const verdict = placeSequence(boots, bootId, sequence, limits);
    if ('boots' in verdict) {
      boots = verdict.boots;
      forgotten += verdict.forgotten;
    }
    return verdict.kind;
  });
  return { kinds, boots, forgotten };
}

describe('one boot', () => {
  it.each([
    { name: 'in order', given: [1, 2, 3], kinds: ['fresh', 'fresh', 'fresh'] },
    { name: 'twice', given: [1, 1], kinds: ['fresh', 'duplicate'] },
    { name: 'out of order', given: [1, 3, 2], kinds: ['fresh', 'fresh', 'late'] },
    { name: 'earlier than the first that was seen', given: [5, 4], kinds: ['fresh', 'late'] },
    { name: 'late and again', given: [1, 3, 2, 2], kinds: ['fresh', 'fresh', 'late', 'duplicate'] },
    {
      name: 'below the floor once a gap was given up',
      given: [1, 3, 5, 2],
      kinds: ['fresh', 'fresh', 'fresh', 'stale'],
    },
    { name: 'in a gap above the floor', given: [1, 3, 5, 4], kinds: ['fresh', 'fresh', 'fresh', 'late'] },
  ])('$name', ({ given, kinds }) => {
    expect(place(given.map((sequence) => ['a', sequence] as const)).kinds).toEqual(kinds);
  });

  it('counts what was missing in a gap that it gave up', () => {
    const { boots } = place([
      ['a', 1],
      ['a', 5],
      ['a', 9],
    ]);
    expect(boots).toEqual([{ bootId: 'a', ranges: [5, 5, 9, 9], floor: 5, givenUp: 3 }]);
  });
});

describe('several boots', () => {
  it('count for themselves', () => {
    expect(
      place([
        ['a', 7],
        ['b', 7],
        ['a', 8],
        ['b', 7],
      ]).kinds,
    ).toEqual(['fresh', 'fresh', 'fresh', 'duplicate']);
  });

  it('are kept by when they were last heard of, and forgetting one is counted', () => {
    const { boots, forgotten } = place([
      ['a', 1],
      ['b', 1],
      ['a', 2],
      ['c', 1],
    ]);
    expect(boots.map(({ bootId }) => bootId)).toEqual(['a', 'c']);
    expect(forgotten).toBe(1);
  });

  it('start anew after they were forgotten', () => {
    expect(
      place([
        ['a', 1],
        ['b', 1],
        ['c', 1],
        ['a', 1],
      ]).kinds,
    ).toEqual(['fresh', 'fresh', 'fresh', 'fresh']);
  });
});
