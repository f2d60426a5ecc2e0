import { describe, expect, it } from 'vitest';
import { AppendedEvents, checkAcknowledged, checkCounts } from './check-acknowledged.ts';
import { compareMultisets } from './compare-multisets.ts';
import { compareStates } from './compare-states.ts';

describe('compareMultisets', () => {
  it.each([
    { name: 'order does not count', expected: ['a', 'b'], actual: ['b', 'a'], missing: 0, surplus: 0 },
    { name: 'an output written twice is one surplus', expected: ['a'], actual: ['a', 'a'], missing: 0, surplus: 1 },
    { name: 'an output not written is missing', expected: ['a', 'b'], actual: ['a'], missing: 1, surplus: 0 },
    { name: 'an altered output is both', expected: ['a'], actual: ['A'], missing: 1, surplus: 1 },
  ])('$name', ({ expected, actual, missing, surplus }) => {
    expect(compareMultisets(expected, actual)).toMatchObject({ missing, surplus });
  });
});

describe('compareStates', () => {
  it.each([
    { name: 'equal bytes are equal', expected: [['r', '{"a":1}']], served: [['r', '{"a":1}']], mismatches: 0 },
    {
      name: 'another order of fields is a mismatch',
      expected: [['r', '{"a":1,"b":2}']],
      served: [['r', '{"b":2,"a":1}']],
      mismatches: 1,
    },
    { name: 'a robot that is not served is a mismatch', expected: [['r', '{}']], served: [], mismatches: 1 },
    { name: 'a robot that the log does not know is a mismatch', expected: [], served: [['r', '{}']], mismatches: 1 },
  ] as { name: string; expected: [string, string][]; served: [string, string][]; mismatches: number }[])(
    '$name',
    ({ expected, served, mismatches }) => {
      expect(compareStates(new Map(expected), new Map(served)).mismatches).toBe(mismatches);
    },
  );
});

describe('checkAcknowledged', () => {
  const appended = new AppendedEvents();
  appended.add('r', 'e1', ['h1']);
  appended.add('r', 'e1', ['h1']);
  appended.add('r', 'e2', ['h2', 'raw2']);
  const told = (id: string, sha256: string, result: 'accepted' | 'rejected' = 'accepted') => ({
    robotId: 'r',
    id,
    sha256,
    result,
  });

  it.each([
    { name: 'an accepted event in the log is kept', journal: [told('e1', 'h1')], lost: 0, altered: 0 },
    {
      name: 'the raw message of a mapped event counts as its bytes',
      journal: [told('e2', 'raw2')],
      lost: 0,
      altered: 0,
    },
    { name: 'an accepted event that is not in the log is lost', journal: [told('e3', 'h3')], lost: 1, altered: 0 },
    { name: 'other bytes in the log are an alteration', journal: [told('e1', 'other')], lost: 0, altered: 1 },
    { name: 'a rejected event owes nothing', journal: [told('e4', 'h4', 'rejected')], lost: 0, altered: 0 },
  ])('$name', ({ journal, lost, altered }) => {
    expect(checkAcknowledged(journal, appended)).toMatchObject({ lost, altered });
  });

  it('counts different events, not records', () => {
    expect(appended.records).toBe(3);
    expect(appended.distinct()).toEqual(new Map([['r', 2]]));
    expect(checkCounts(appended.distinct(), new Map([['r', 3]]))).toEqual({ folded: 3, uncounted: 0, duplicated: 1 });
    expect(checkCounts(appended.distinct(), new Map([['r', 1]]))).toEqual({ folded: 1, uncounted: 1, duplicated: 0 });
  });
});
