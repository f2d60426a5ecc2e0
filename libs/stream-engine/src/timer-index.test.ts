import { disarmedTimer } from '@fleetstream/state-store';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimerIndex } from './timer-index.ts';

function takeAll(index: TimerIndex, untilMs: number): [number, string][] {
  const taken: [number, string][] = [];
  for (let due = index.take(untilMs); due !== undefined; due = index.take(untilMs)) taken.push([due.dueMs, due.key]);
  return taken;
}

describe('TimerIndex', () => {
  it.each([
    { name: 'exactly at the limit is due', noted: [['a', 10]], untilMs: 10, taken: [[10, 'a']] },
    { name: 'one millisecond later is not', noted: [['a', 11]], untilMs: 10, taken: [] },
    {
      name: 'order is by time, then key',
      noted: [
        ['b', 5],
        ['c', 3],
        ['a', 5],
      ],
      untilMs: 9,
      taken: [
        [3, 'c'],
        [5, 'a'],
        [5, 'b'],
      ],
    },
    {
      name: 'a later time changes nothing: it is a lower bound',
      noted: [
        ['a', 5],
        ['a', 8],
      ],
      untilMs: 9,
      taken: [[5, 'a']],
    },
    {
      name: 'an earlier time replaces',
      noted: [
        ['a', 8],
        ['a', 5],
      ],
      untilMs: 9,
      taken: [[5, 'a']],
    },
  ] as { name: string; noted: [string, number][]; untilMs: number; taken: [number, string][] }[])(
    '$name',
    ({ noted, untilMs, taken }) => {
      const index = new TimerIndex();
      for (const [key, dueMs] of noted) index.note(key, dueMs);
      expect(takeAll(index, untilMs)).toEqual(taken);
    },
  );

  it('takes over that a timer is disarmed, until it is armed again', () => {
    const index = new TimerIndex();
    index.restore('a', disarmedTimer);
    index.restore('b', 7);
    expect([index.isDisarmed('a'), index.isDisarmed('b'), index.earliestMs()]).toEqual([true, false, 7]);
    index.rearm('a');
    expect(index.isDisarmed('a')).toBe(false);
  });

  it('gives what a sorted list would, whatever is noted and taken in between', () => {
    const step = fc.oneof(
      fc.record({ note: fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e'), dueMs: fc.nat(30) }) }),
      fc.record({ until: fc.nat(30) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const index = new TimerIndex();
        const model = new Map<string, number>();
        for (const one of steps) {
          if ('note' in one) {
            index.note(one.note.key, one.note.dueMs);
            model.set(one.note.key, Math.min(model.get(one.note.key) ?? Infinity, one.note.dueMs));
          } else {
            const due = [...model].filter(([, dueMs]) => dueMs <= one.until);
            expect(index.peekDueKeys(one.until, 100).sort()).toEqual(due.map(([key]) => key).sort());
            const sorted = due.map(([key, dueMs]): [number, string] => [dueMs, key]).sort(byTimeThenKey);
            expect(takeAll(index, one.until)).toEqual(sorted);
            for (const [key] of due) model.delete(key);
          }
          expect(index.size).toBe(model.size);
          expect(index.earliestMs()).toBe(model.size === 0 ? undefined : Math.min(...model.values()));
        }
      }),
    );
  });
});

function byTimeThenKey([aMs, a]: [number, string], [bMs, b]: [number, string]): number {
  return aMs - bMs || (a < b ? -1 : 1);
}
