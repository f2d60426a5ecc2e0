import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignPartitions, type MemberShare } from './assign-partitions.ts';
import { type AssignableMember } from './assignable-group.ts';

const options = { replicas: 0, warmRecords: 10 };

interface Given {
  readonly offsets?: readonly (readonly [number, number])[];
  readonly owned?: readonly number[];
  readonly generation?: number;
  readonly standbys?: readonly number[];
  readonly warm?: readonly number[];
}

const member = (
  memberId: string,
  { offsets = [], owned = [], generation = 1, standbys = [], warm = [] }: Given = {},
) => ({
  ...{ memberId, stateOffsets: new Map(offsets), owned, generation, standbys, warm },
  keepsCopies: true,
});

const at = (offset: number, ...partitions: number[]) => partitions.map((one) => [one, offset] as const);
const partitionsOf = (shares: ReadonlyMap<string, MemberShare>) =>
  Object.fromEntries([...shares].map(([memberId, { partitions }]) => [memberId, partitions]));
const standbysOf = (shares: ReadonlyMap<string, MemberShare>) =>
  Object.fromEntries([...shares].map(([memberId, { standbys }]) => [memberId, standbys]));

describe('assignPartitions', () => {
  it.each([
    { name: 'a lone member gets everything', members: [member('a')], assigned: { a: [0, 1, 2, 3] } },
    {
      name: 'partitions without an owner go where their state is',
      members: [member('a', { offsets: at(99, 2, 3) }), member('b', { offsets: at(99, 0, 1) })],
      assigned: { a: [2, 3], b: [0, 1] },
    },
    {
      name: 'of two that have state the one that is further gets it',
      members: [
        member('a', { offsets: [...at(95, 0), ...at(99, 1, 2)] }),
        member('b', { offsets: [...at(99, 0), ...at(95, 1, 2, 3)] }),
      ],
      assigned: { a: [1, 2], b: [0, 3] },
    },
    {
      name: 'an owner keeps what is its own, though a copy said a later offset a moment later',
      members: [
        member('a', { offsets: at(95, 0, 1), owned: [0, 1] }),
        member('b', { offsets: at(99, 0, 1, 2, 3), owned: [2, 3] }),
      ],
      assigned: { a: [0, 1], b: [2, 3] },
    },
    {
      name: 'the owner of the later generation is the owner',
      members: [
        member('a', { offsets: at(99, 0, 1), owned: [0, 1], generation: 7 }),
        member('b', { offsets: at(99, 0, 1, 2, 3), owned: [0, 1, 2, 3], generation: 6 }),
      ],
      assigned: { a: [0, 1], b: [2, 3] },
    },
    {
      name: 'a newcomer gets the partitions that it has warm state of',
      members: [
        member('a', { offsets: at(99, 0, 1, 2, 3), owned: [0, 1, 2, 3] }),
        member('b', { offsets: at(95, 0, 2) }),
      ],
      assigned: { a: [1, 3], b: [0, 2] },
    },
    {
      name: 'a copy that says it is warm is, however far the owner came until it told its own offset',
      members: [
        member('a', { offsets: at(99, 0, 1, 2, 3), owned: [0, 1, 2, 3] }),
        member('b', { offsets: at(60, 0, 1, 2), standbys: [0, 1, 2], warm: [0, 2] }),
      ],
      assigned: { a: [1, 3], b: [0, 2] },
    },
    {
      name: 'a newcomer without state gets nothing yet',
      members: [member('a', { offsets: at(99, 0, 1, 2, 3), owned: [0, 1, 2, 3] }), member('b')],
      assigned: { a: [0, 1, 2, 3], b: [] },
    },
    {
      name: 'a newcomer gets its share at once while there is hardly anything in the log',
      members: [member('a', { offsets: at(9, 0, 1, 2, 3), owned: [0, 1, 2, 3] }), member('b')],
      assigned: { a: [0, 1], b: [2, 3] },
    },
    {
      name: "a dead member's partitions go to the warm copies, though that is not even",
      members: [member('a', { offsets: at(99, 0, 1, 2, 3), owned: [0, 1], standbys: [2, 3] }), member('c')],
      assigned: { a: [0, 1, 2, 3], c: [] },
    },
    {
      name: 'state of a partition that is no more counts for nothing',
      members: [member('a', { offsets: at(9, 99) })],
      assigned: { a: [0, 1, 2, 3] },
    },
  ])('$name', ({ members, assigned }) => {
    expect(partitionsOf(assignPartitions(members, [0, 1, 2, 3], options))).toEqual(assigned);
  });

  it.each([
    {
      name: 'who is to take over warms up first',
      replicas: 0,
      members: [member('a', { offsets: at(99, 0, 1), owned: [0, 1] }), member('b')],
      standbys: { a: [], b: [1] },
    },
    {
      name: 'copies are kept away from the owner, spread over the others',
      replicas: 1,
      members: [member('a', { offsets: at(9, 0, 1) }), member('b'), member('c')],
      standbys: { a: [1], b: [], c: [0] },
    },
    {
      name: 'whoever keeps a copy goes on keeping it',
      replicas: 1,
      members: [
        member('a', { offsets: at(99, 0, 1), owned: [0] }),
        member('b', { offsets: at(99, 0, 1), owned: [1] }),
        member('c', { offsets: at(98, 0, 1), standbys: [0, 1] }),
      ],
      standbys: { a: [], b: [], c: [0, 1] },
    },
    { name: 'a lone member keeps none', replicas: 2, members: [member('a')], standbys: { a: [] } },
  ])('$name', ({ members, replicas, standbys }) => {
    expect(standbysOf(assignPartitions(members, [0, 1], { ...options, replicas }))).toEqual(standbys);
  });

  it('does without copies where members keep none', () => {
    const members = [
      { memberId: 'a', stateOffsets: new Map(at(99, 0, 1)), owned: [0, 1], generation: 1 },
      { memberId: 'b', stateOffsets: new Map<number, number>() },
    ];
    const shares = assignPartitions(members, [0, 1], { ...options, replicas: 2 });
    expect(partitionsOf(shares)).toEqual({ a: [0], b: [1] });
    expect(standbysOf(shares)).toEqual({ a: [], b: [] });
  });

  it('says of whom nobody has to wait: all of its partitions have a warm copy', () => {
    const members = [
      member('a', { offsets: at(99, 0, 1, 2), owned: [0, 1] }),
      member('b', { offsets: [...at(99, 0, 2), ...at(1, 1)], owned: [2], standbys: [0, 1] }),
    ];
    const early = assignPartitions(members, [0, 1, 2], { ...options, replicas: 1 });
    expect(early.get('a')).toMatchObject({ isCovered: false });
    const warm = members.map((one) => ({ ...one, stateOffsets: new Map(at(99, 0, 1, 2)) }));
    const later = assignPartitions(warm, [0, 1, 2], { ...options, replicas: 1 });
    expect(later.get('a')).toMatchObject({ isCovered: true });
  });
});

/** Where the group is when every copy has become warm and everybody joins again. */
function joinAgain(shares: ReadonlyMap<string, MemberShare>, offset: number, generation: number): AssignableMember[] {
  return [...shares].map(([memberId, { partitions, standbys }]) => ({
    ...{ memberId, generation, owned: partitions, standbys, keepsCopies: true },
    stateOffsets: new Map(at(offset, ...partitions, ...standbys)),
  }));
}

describe('assignPartitions, whatever the members have', () => {
  const someMembers = fc.uniqueArray(
    fc.record({
      memberId: fc.string({ minLength: 1, maxLength: 4 }),
      stateOffsets: fc.array(fc.tuple(fc.nat(15), fc.nat(3000))).map((pairs) => new Map(pairs)),
      owned: fc.uniqueArray(fc.nat(15), { maxLength: 5 }),
      generation: fc.nat(3),
      standbys: fc.uniqueArray(fc.nat(15), { maxLength: 5 }),
      keepsCopies: fc.boolean(),
    }),
    { minLength: 1, maxLength: 7, selector: ({ memberId }) => memberId },
  );
  const settings = fc.record({ replicas: fc.nat(3), warmRecords: fc.nat(500) });

  it('gives each partition to one member, the same in any order, with its copies elsewhere', () => {
    fc.assert(
      fc.property(someMembers, fc.nat(16), settings, (members, count, given) => {
        const partitions = [...Array(count).keys()];
        const shares = assignPartitions(members, partitions, given);
        const keepers = members.filter(({ keepsCopies }) => keepsCopies).map(({ memberId }) => memberId);
        expect([...shares.values()].flatMap((share) => share.partitions).sort((a, b) => a - b)).toEqual(partitions);
        expect(assignPartitions([...members].reverse(), partitions, given)).toEqual(shares);
        for (const partition of partitions) {
          const holders = [...shares].filter(([, { standbys }]) => standbys.includes(partition)).map(([id]) => id);
          const owner = [...shares].find(([, share]) => share.partitions.includes(partition))?.[0];
          expect(holders).not.toContain(owner);
          expect(keepers).toEqual(expect.arrayContaining(holders));
          const possible = Math.min(given.replicas, keepers.filter((id) => id !== owner).length);
          expect(holders.length).toBeGreaterThanOrEqual(possible);
          expect(holders.length).toBeLessThanOrEqual(given.replicas + 1);
        }
      }),
    );
  });

  it('comes to even shares once the copies are warm, and then moves nothing any more', () => {
    fc.assert(
      fc.property(someMembers, fc.nat(16), settings, (members, count, given) => {
        const partitions = [...Array(count).keys()];
        const copying = members.map((one) => ({ ...one, keepsCopies: true }));
        let shares = assignPartitions(copying, partitions, given);
        for (let round = 1; round <= 3; round += 1) {
          shares = assignPartitions(joinAgain(shares, 5000 + round, 10 + round), partitions, given);
        }
        const sizes = [...shares.values()].map((share) => share.partitions.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        const again = assignPartitions(joinAgain(shares, 6000, 20), partitions, given);
        expect(again).toEqual(shares);
      }),
    );
  });

  it('gives everything of a member that dies to warm copies, and moves nothing else by more than evenness asks', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 16 }), fc.nat(5), (size, count, dead) => {
        const partitions = [...Array(count).keys()];
        const given = { replicas: 1, warmRecords: 100 };
        let shares = assignPartitions(
          [...Array(size).keys()].map((index) => member(`m${index}`)),
          partitions,
          given,
        );
        for (let round = 1; round <= 3; round += 1) {
          shares = assignPartitions(joinAgain(shares, 5000, 10 + round), partitions, given);
        }
        const before = joinAgain(shares, 5000, 20);
        const left = before.filter((_, index) => index !== dead % size);
        const after = assignPartitions(left, partitions, given);
        for (const { memberId, stateOffsets } of left) {
          const got = after.get(memberId)?.partitions ?? [];
          expect(got.filter((partition) => !stateOffsets.has(partition))).toEqual([]);
        }
      }),
    );
  });
});
