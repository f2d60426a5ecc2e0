import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignPartitions } from './assign-partitions.ts';

const member = (memberId: string, ...stateOffsets: [number, number][]) => ({
  memberId,
  stateOffsets: new Map(stateOffsets),
});

describe('assignPartitions', () => {
  it.each([
    {
      name: 'a lone member gets everything',
      members: [member('a')],
      partitions: [0, 1, 2],
      assigned: { a: [0, 1, 2] },
    },
    {
      name: 'partitions go where their state is',
      members: [member('a', [2, 10], [3, 10]), member('b', [0, 10], [1, 10])],
      partitions: [0, 1, 2, 3],
      assigned: { a: [2, 3], b: [0, 1] },
    },
    {
      name: 'of two that have state the one that is further gets it',
      members: [member('a', [0, 5]), member('b', [0, 7])],
      partitions: [0, 1],
      assigned: { a: [1], b: [0] },
    },
    {
      name: 'balance comes before state: a newcomer without state gets its share',
      members: [member('a', [0, 9], [1, 8], [2, 7], [3, 6]), member('b')],
      partitions: [0, 1, 2, 3],
      assigned: { a: [0, 1], b: [2, 3] },
    },
    {
      name: 'one with state may have the larger share',
      members: [member('a'), member('b', [0, 9], [1, 8], [2, 7])],
      partitions: [0, 1, 2],
      assigned: { a: [2], b: [0, 1] },
    },
    {
      name: 'state of a partition that is no more counts for nothing',
      members: [member('a', [9, 9])],
      partitions: [0],
      assigned: { a: [0] },
    },
  ])('$name', ({ members, partitions, assigned }) => {
    expect(Object.fromEntries(assignPartitions(members, partitions))).toEqual(assigned);
  });

  it('gives every partition to one member, evenly, in whatever order members come', () => {
    const members = fc.uniqueArray(
      fc.record({
        memberId: fc.string({ minLength: 1, maxLength: 4 }),
        stateOffsets: fc.array(fc.tuple(fc.nat(20), fc.nat(100))).map((pairs) => new Map(pairs)),
      }),
      { minLength: 1, maxLength: 8, selector: ({ memberId }) => memberId },
    );
    fc.assert(
      fc.property(members, fc.nat(16), (some, count) => {
        const partitions = [...Array(count).keys()];
        const assigned = assignPartitions(some, partitions);
        const sizes = [...assigned.values()].map((mine) => mine.length);
        expect([...assigned.values()].flat().sort((a, b) => a - b)).toEqual(partitions);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(assignPartitions([...some].reverse(), partitions)).toEqual(assigned);
      }),
    );
  });
});
