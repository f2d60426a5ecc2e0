import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeList, type RosterEntries, type RosterRules } from './robot-roster.ts';

const rules: RosterRules = { retireAfterLists: 3, retireAfterMs: 1000, lossPercentMax: 20 };
const robotsOf = (ids: string) => Array.from(ids, (id) => ({ id }));
const rosterOf = (ids: string): RosterEntries => new Map(robotsOf(ids).map((robot) => [robot.id, { robot }]));
const list = (ids: string, complete = true) => ({ robots: robotsOf(ids), complete });

/** Lists one after the other, a second apart. */
function play(start: string, lists: readonly { readonly ids: string; readonly complete?: boolean }[]) {
  let entries = rosterOf(start);
  const seen: string[] = [];
  for (const [index, { ids, complete }] of lists.entries()) {
    const merge = mergeList(entries, list(ids, complete), rules, index * 1000);
    if (merge.kind === 'held') {
      seen.push(merge.reason);
      continue;
    }
    const gone = new Set(merge.retired.map(({ robot }) => robot.id));
    entries = new Map([...merge.entries].filter(([id]) => !gone.has(id)));
    seen.push([...gone].join('') || '-');
  }
  return { seen, left: [...entries.keys()].join('') };
}

describe('a list of the Robot Platform', () => {
  it.each([
    { name: 'the first is believed', start: '', lists: [{ ids: 'ab' }], seen: ['-'], left: 'ab' },
    { name: 'a first that is empty is believed', start: '', lists: [{ ids: '' }], seen: ['-'], left: '' },
    { name: 'new robots come at once', start: 'ab', lists: [{ ids: 'abc' }], seen: ['-'], left: 'abc' },
    {
      name: 'ten times as many come at once',
      start: 'a',
      lists: [{ ids: 'abcdefghij' }],
      seen: ['-'],
      left: 'abcdefghij',
    },
    { name: 'an empty one is not believed', start: 'ab', lists: [{ ids: '' }], seen: ['empty'], left: 'ab' },
    { name: 'nor is an empty one for a single robot', start: 'a', lists: [{ ids: '' }], seen: ['empty'], left: 'a' },
    {
      name: 'a robot goes when three in a row lacked it',
      start: 'ab',
      lists: [{ ids: 'a' }, { ids: 'a' }, { ids: 'a' }],
      seen: ['-', '-', 'b'],
      left: 'a',
    },
    {
      name: 'a robot that is back is counted anew',
      start: 'ab',
      lists: [{ ids: 'a' }, { ids: 'a' }, { ids: 'ab' }, { ids: 'a' }, { ids: 'a' }],
      seen: ['-', '-', '-', '-', '-'],
      left: 'ab',
    },
    {
      name: 'lists with entries that can’t be read count nothing, and forget nothing',
      start: 'ab',
      lists: [{ ids: 'a' }, { ids: 'a' }, { ids: 'a', complete: false }, { ids: 'a' }],
      seen: ['-', '-', '-', 'b'],
      left: 'a',
    },
    {
      name: 'a fifth of ten may go',
      start: 'abcdefghij',
      lists: [{ ids: 'abcdefgh' }, { ids: 'abcdefgh' }, { ids: 'abcdefgh' }],
      seen: ['-', '-', 'ij'],
      left: 'abcdefgh',
    },
    {
      name: 'more than a fifth may not, however often they are missing',
      start: 'abcdefghij',
      lists: Array.from({ length: 9 }, () => ({ ids: 'abcdefg' })),
      seen: Array.from({ length: 9 }, () => 'loss'),
      left: 'abcdefghij',
    },
    {
      name: 'a list that is not believed brings nobody either',
      start: 'abcde',
      lists: [{ ids: 'xyz' }],
      seen: ['loss'],
      left: 'abcde',
    },
  ])('$name', ({ start, lists, seen, left }) => {
    expect(play(start, lists)).toEqual({ seen, left });
  });

  it('retires nobody before the time, however many lists come', () => {
    let entries = rosterOf('ab');
    for (let nowMs = 0; nowMs <= 1000; nowMs += 100) {
      const merge = mergeList(entries, list('a'), rules, nowMs);
      if (merge.kind === 'held') expect.unreachable();
      expect(merge.retired.length).toBe(nowMs < 1000 ? 0 : 1);
      entries = merge.entries;
    }
  });

  it('keeps what the log was told, and says when nothing changed', () => {
    const known: RosterEntries = new Map([['a', { robot: { id: 'a', name: 'A' }, told: 'x' }]]);
    const same = mergeList(known, { robots: [{ id: 'a', name: 'A' }], complete: true }, rules, 0);
    expect(same).toMatchObject({ changed: false });
    const other = mergeList(known, { robots: [{ id: 'a', name: 'B' }], complete: true }, rules, 0);
    if (other.kind === 'held') expect.unreachable();
    expect(other.changed).toBe(true);
    expect(other.entries.get('a')).toEqual({ robot: { id: 'a', name: 'B' }, told: 'x' });
  });

  it('retires only who was missing from every complete, believed list of late', () => {
    const ids = 'abcdefghijklmnop';
    const lists = fc.array(fc.record({ ids: fc.subarray(Array.from(ids)), complete: fc.boolean() }), { maxLength: 30 });
    fc.assert(
      fc.property(lists, (given) => {
        let entries = rosterOf(ids);
        const absences = new Map(Array.from(ids, (id) => [id, 0]));
        for (const [index, { ids: some, complete }] of given.entries()) {
          const merge = mergeList(entries, list(some.join(''), complete), rules, index * 1000);
          if (merge.kind === 'held') continue;
          for (const id of ids) {
            if (some.includes(id)) absences.set(id, 0);
            else if (complete) absences.set(id, (absences.get(id) ?? 0) + 1);
          }
          for (const { robot } of merge.retired) expect(absences.get(robot.id)).toBeGreaterThanOrEqual(3);
          const gone = new Set(merge.retired.map(({ robot }) => robot.id));
          entries = new Map([...merge.entries].filter(([id]) => !gone.has(id)));
        }
      }),
    );
  });
});
