import { type StateStore, type StoredTimer, type TimerChange } from '@fleetstream/state-store';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimerIndex } from './timer-index.ts';

/** The timers of a store, as far as the index needs them. */
class StoredTimers implements Pick<StateStore, 'timers'> {
  #timers: StoredTimer[] = [];
  reads = 0;

  apply(changes: readonly TimerChange[]): void {
    for (const { key, dueMs, isSet } of changes) {
      this.#timers = this.#timers.filter((timer) => timer.key !== key || timer.dueMs !== dueMs);
      if (isSet) this.#timers.push({ key, dueMs });
    }
    this.#timers.sort((a, b) => byTimeThenKey([a.dueMs, a.key], [b.dueMs, b.key]));
  }

  get all(): [number, string][] {
    return this.#timers.map(({ key, dueMs }) => [dueMs, key]);
  }

  async *timers(fromMs: number): AsyncGenerator<StoredTimer[]> {
    await Promise.resolve();
    for (const timer of this.#timers) {
      if (timer.dueMs < fromMs) continue;
      this.reads += 1;
      yield [timer];
    }
  }
}

async function openIndex(stored: StoredTimers, windowMax: number): Promise<TimerIndex> {
  const index = new TimerIndex(stored, windowMax);
  await index.readOn(0);
  return index;
}

function store(index: TimerIndex, stored: StoredTimers): void {
  stored.apply(index.changes());
  index.noteStored();
}

async function takeAll(index: TimerIndex, untilMs: number): Promise<[number, string][]> {
  const taken: [number, string][] = [];
  for (;;) {
    const due = index.take(untilMs);
    if (due !== undefined) taken.push([due.dueMs, due.key]);
    else if (!(await index.readOn(untilMs))) return taken;
  }
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
    async ({ noted, untilMs, taken }) => {
      const stored = new StoredTimers();
      const index = await openIndex(stored, 2);
      for (const [key, dueMs] of noted) index.note(key, dueMs);
      store(index, stored);
      const again = await openIndex(stored, 2);
      expect(await takeAll(index, untilMs)).toEqual(taken);
      expect(await takeAll(again, untilMs)).toEqual(taken);
    },
  );

  it('stores that a timer is disarmed, until it is armed again', async () => {
    const stored = new StoredTimers();
    const index = await openIndex(stored, 2);
    index.note('b', 7);
    index.disarm('a');
    store(index, stored);
    const next = await openIndex(stored, 2);
    expect([next.isDisarmed('a'), next.isDisarmed('b'), next.earliestMs()]).toEqual([true, false, 7]);
    expect([next.rearm('a'), next.rearm('a'), next.isDisarmed('a')]).toEqual([true, false, false]);
    store(next, stored);
    expect(stored.all).toEqual([[7, 'b']]);
  });

  it('opens by reading a window, and keeps no more than two in memory', async () => {
    const stored = new StoredTimers();
    const index = await openIndex(stored, 10);
    for (let at = 0; at < 1000; at += 1) index.note(`key-${at}`, 100 + at);
    store(index, stored);
    expect(index.size).toBe(10);
    stored.reads = 0;
    const next = await openIndex(stored, 10);
    expect([next.size, stored.reads]).toEqual([10, 11]);
    expect((await takeAll(next, 1099)).length).toBe(1000);
  });

  it('keeps all of one millisecond together, and forgets what is stored alone', async () => {
    const stored = new StoredTimers();
    const index = await openIndex(stored, 3);
    for (let at = 0; at < 9; at += 1) index.note(`key-${at}`, at < 6 ? 5 : 6);
    expect(index.size).toBe(9);
    store(index, stored);
    expect(index.size).toBe(6);
    index.note('late', 7);
    index.note('soon', 4);
    expect((await takeAll(index, 9)).map(([dueMs]) => dueMs)).toEqual([4, 5, 5, 5, 5, 5, 5, 6, 6, 6, 7]);
    store(index, stored);
    expect(stored.all).toEqual([]);
  });

  it('leaves nothing behind of an alarm that was taken before it was stored', async () => {
    const stored = new StoredTimers();
    const index = await openIndex(stored, 3);
    index.note('a', 5);
    expect(await takeAll(index, 5)).toEqual([[5, 'a']]);
    expect(index.changes()).toEqual([]);
    index.note('a', 5);
    store(index, stored);
    expect(stored.all).toEqual([[5, 'a']]);
  });

  it('gives what a sorted list would, whatever is noted, taken, stored, killed and opened anew in between', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), dueMs: fc.nat(40) }) },
      { weight: 2, arbitrary: fc.record({ untilMs: fc.nat(40) }) },
      { weight: 2, arbitrary: fc.constantFrom('store' as const, 'kill' as const) },
    );
    const run = async (windowMax: number, steps: Iterable<typeof step extends fc.Arbitrary<infer T> ? T : never>) => {
      const stored = new StoredTimers();
      let index = await openIndex(stored, windowMax);
      // Each key's true due time, as the states have it; an index only needs to come before it.
      let due = new Map<string, number>();
      let storedDue = new Map<string, number>();
      for (const one of steps) {
        if (one === 'store') {
          store(index, stored);
          storedDue = new Map(due);
          expect(index.size).toBeLessThanOrEqual(2 * windowMax + 6);
        } else if (one === 'kill') {
          index = await openIndex(stored, windowMax);
          due = new Map(storedDue);
        } else if ('key' in one) {
          const { key, dueMs } = one;
          due.set(key, dueMs);
          index.note(key, dueMs);
        } else {
          const expected = [...due].filter(([, dueMs]) => dueMs <= one.untilMs).map(([key, dueMs]) => [dueMs, key]);
          expect(await fireAll(index, due, one.untilMs)).toEqual((expected as [number, string][]).sort(byTimeThenKey));
        }
        const soonest = Math.min(...due.values());
        expect(index.earliestMs() ?? Infinity).toBeLessThanOrEqual(soonest);
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 80, size: 'max' }), run),
      { numRuns: 1000 },
    );
  });
});

/** As `foldRecords` does: an alarm that is early is noted again for the state's own time. */
async function fireAll(index: TimerIndex, due: Map<string, number>, untilMs: number): Promise<[number, string][]> {
  const fired: [number, string][] = [];
  for (;;) {
    const alarm = index.take(untilMs);
    if (alarm === undefined) {
      if (await index.readOn(untilMs)) continue;
      return fired;
    }
    const { key } = alarm;
    const dueMs = due.get(key);
    if (dueMs === undefined) continue;
    if (dueMs > alarm.dueMs) index.note(key, dueMs);
    else {
      fired.push([dueMs, key]);
      due.delete(key);
    }
  }
}

function byTimeThenKey([aMs, a]: readonly [number, string], [bMs, b]: readonly [number, string]): number {
  return aMs - bMs || (a < b ? -1 : 1);
}
