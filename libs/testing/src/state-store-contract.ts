import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AppliedPosition,
  disarmedTimer,
  type OpenStateStore,
  type StateBatch,
  type StateSnapshot,
  type StateStore,
  type StoredTimer,
} from '@fleetstream/state-store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

export interface StateStoreUnderTest {
  readonly open: OpenStateStore;
  readonly readPosition: (dir: string) => Promise<AppliedPosition>;
}

/** What every state store must do. Leaves nothing open and nothing on the disk. */
export function describeStateStoreContract(name: string, { open, readPosition }: StateStoreUnderTest): void {
  describe(`${name} keeps the contract of a state store`, () => {
    let root: string;
    let dir: string;
    let store: StateStore;

    beforeEach(async () => {
      root = await mkdtemp(join(tmpdir(), 'state-store-'));
      dir = join(root, 'partition');
      store = await open({ dir, ifMissing: 'create' });
    });
    afterEach(async () => {
      await store.close();
      await rm(root, { recursive: true, force: true });
    });

    const reopen = async (): Promise<void> => {
      await store.close();
      store = await open({ dir, ifMissing: 'fail' });
    };

    it('is empty at first', async () => {
      expect([store.appliedOffset, store.logTimeMs]).toEqual([0, 0]);
      expect(await store.getMany(['a', 'b'])).toEqual([undefined, undefined]);
      expect(await store.getMany([])).toEqual([]);
      expect(await timersOf(store)).toEqual([]);
      expect(await entriesOf(store)).toEqual([]);
    });

    it('gives states in the order of the keys asked for', async () => {
      await store.write(batch({ appliedOffset: 3, puts: { b: 'B', a: 'A', c: '' } }));
      const values = await store.getMany(['c', 'x', 'a', 'b', 'a']);
      expect(values.map((value) => value?.toString())).toEqual(['', undefined, 'A', 'B', 'A']);
    });

    it('applies puts, deletes, timers and position of a batch together, and keeps them', async () => {
      await store.write(
        batch({
          appliedOffset: 2,
          puts: { a: 'A1', b: 'B1' },
          timers: [
            [10, 'a'],
            [20, 'b'],
          ],
        }),
      );
      await store.write(
        batch({
          appliedOffset: 5,
          logTimeMs: 77,
          puts: { a: 'A2' },
          deletes: ['b', 'none'],
          timers: [[20, 'b', false]],
        }),
      );
      for (const again of [false, true]) {
        if (again) await reopen();
        expect([store.appliedOffset, store.logTimeMs]).toEqual([5, 77]);
        expect(await entriesOf(store)).toEqual([['a', 'A2']]);
        expect(await timersOf(store)).toEqual([{ key: 'a', dueMs: 10 }]);
      }
    });

    it('gives timers in the order of their times, then keys, from any time on, as many of a key as it was given', async () => {
      const times = [2 ** 33, 7, disarmedTimer, 2 ** 32 - 1, 2 ** 32, 7, 0, 1_800_000_000_000, 255, 256];
      const timers = times.map((dueMs, index): [number, string] => [dueMs, index === 5 ? 'b' : 'a']);
      await store.write(batch({ appliedOffset: 1, timers }));
      await store.write(
        batch({
          appliedOffset: 2,
          timers: [
            [255, 'a', false],
            [7, 'a', false],
            [7, 'a'],
            [8, 'b', false],
          ],
        }),
      );
      const kept = timers
        .filter(([dueMs]) => dueMs !== 255)
        .sort(([a, one], [b, other]) => a - b || (one < other ? -1 : 1));
      for (const again of [false, true]) {
        if (again) await reopen();
        for (const fromMs of [disarmedTimer, 0, 7, 8, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 52]) {
          const expected = kept.flatMap(([dueMs, key]) => (dueMs >= fromMs ? [{ key, dueMs }] : []));
          expect(await timersOf(store, fromMs), `from ${fromMs}`).toEqual(expected);
        }
      }
    });

    it('keeps rows of the index beside the states, in key order, with their version', async () => {
      expect(store.indexVersion).toBe(0);
      const rows = ['b', 'a', 'a.b', 'c'].map((key) => ({ key, row: `row of ${key}` }));
      await store.write({ ...batch({ appliedOffset: 1, puts: { a: 'A' } }), index: { version: 3, rows } });
      await store.write({
        ...batch({ appliedOffset: 2, deletes: ['a'] }),
        index: { version: 3, rows: [{ key: 'a.b', row: undefined }] },
      });
      await store.write(batch({ appliedOffset: 3, puts: { z: 'Z' } }));
      for (const again of [false, true]) {
        if (again) await reopen();
        expect(store.indexVersion).toBe(3);
        const snapshot = await store.snapshot();
        const keysAfter = async (key: string | undefined) => {
          const keys: string[] = [];
          for await (const row of snapshot.rows(key)) {
            expect(row.row).toBe(`row of ${row.key}`);
            keys.push(row.key);
          }
          return keys;
        };
        expect(await keysAfter(undefined)).toEqual(['a', 'b', 'c']);
        expect(await keysAfter('a')).toEqual(['b', 'c']);
        expect(await keysAfter('aa')).toEqual(['b', 'c']);
        expect((await snapshot.getMany(['z', 'a'])).map(String)).toEqual(['Z', 'undefined']);
        await snapshot.release();
      }
    });

    it('keeps a batch of nothing but a position', async () => {
      await store.write(batch({ appliedOffset: 9, logTimeMs: 1 }));
      await reopen();
      expect([store.appliedOffset, store.logTimeMs]).toEqual([9, 1]);
    });

    it('keeps keys that look like its own bookkeeping, and large offsets, apart and exact', async () => {
      const keys = ['s/a', 't/a', 'm/applied', '/', '0', 'a:b', 'Z'.repeat(64)];
      const puts = Object.fromEntries(keys.map((key) => [key, `of ${key}`]));
      const timers = keys.map((key, index): [number, string] => [index, key]);
      const appliedOffset = Number.MAX_SAFE_INTEGER;
      await store.write(batch({ appliedOffset, logTimeMs: 1_800_000_000_000, puts, timers }));
      await reopen();
      expect([store.appliedOffset, store.logTimeMs]).toEqual([appliedOffset, 1_800_000_000_000]);
      expect(new Map(await entriesOf(store))).toEqual(new Map(Object.entries(puts)));
      expect(await timersOf(store)).toEqual(timers.map(([dueMs, key]) => ({ key, dueMs })));
    });

    it('refuses a batch that leads back', async () => {
      await store.write(batch({ appliedOffset: 5 }));
      await expect(store.write(batch({ appliedOffset: 4 }))).rejects.toMatchObject({ code: 'FS_INTERNAL' });
      await store.write(batch({ appliedOffset: 5 }));
      expect(store.appliedOffset).toBe(5);
    });

    it('shows a snapshot one moment, in key order, while writes go on', async () => {
      const keys = Array.from({ length: 1_000 }, (_, index) => `r-${(index * 7919) % 1_000}`);
      await store.write(batch({ appliedOffset: 1, puts: Object.fromEntries(keys.map((key) => [key, 'old'])) }));
      const snapshot = await store.snapshot();
      await store.write(
        batch({ appliedOffset: 2, puts: { ...Object.fromEntries(keys.map((key) => [key, 'new'])), extra: 'new' } }),
      );
      const entries = await allOf(snapshot);
      expect(snapshot.appliedOffset).toBe(1);
      expect(entries.map(([key]) => key)).toEqual([...keys].sort());
      expect(new Set(entries.map(([, value]) => value))).toEqual(new Set(['old']));
      // A second pass sees the same.
      expect(await allOf(snapshot)).toEqual(entries);
      await snapshot.release();
      await snapshot.release();
    });

    it('gives a snapshot taken during a write either side of it, whole', async () => {
      const keys = Array.from({ length: 200 }, (_, index) => `r-${index}`);
      for (let offset = 1; offset <= 30; offset++) {
        const puts = Object.fromEntries(keys.map((key) => [key, String(offset)]));
        const writing = store.write(batch({ appliedOffset: offset, puts }));
        const snapshot = await store.snapshot();
        const entries = await allOf(snapshot);
        await writing;
        await snapshot.release();
        const expected = snapshot.appliedOffset === 0 ? [] : [String(snapshot.appliedOffset)];
        expect([...new Set(entries.map(([, value]) => value))]).toEqual(expected);
      }
    });

    it('copies itself while it is written to, and the copy tells where it stands', async () => {
      await store.write(batch({ appliedOffset: 3, logTimeMs: 30, puts: { a: 'A', b: 'B' }, timers: [[7, 'a']] }));
      const copying = store.checkpoint(join(root, 'copies/one'));
      await store.write(batch({ appliedOffset: 4, logTimeMs: 40, puts: { a: 'A4' } }));
      const copy = await copying;
      expect([3, 4]).toContain(copy.appliedOffset);
      expect(await readPosition(copy.dir)).toEqual({ appliedOffset: copy.appliedOffset, logTimeMs: copy.logTimeMs });
      expect(copy.files.at(-1)?.name).toBe('CURRENT');
      for (const file of copy.files) expect((await stat(join(copy.dir, file.name))).size).toBe(file.sizeBytes);

      await rename(copy.dir, join(root, 'restored'));
      const restored = await open({ dir: join(root, 'restored'), ifMissing: 'fail' });
      expect(restored.appliedOffset).toBe(copy.appliedOffset);
      expect(await entriesOf(restored)).toEqual([
        ['a', copy.appliedOffset === 3 ? 'A' : 'A4'],
        ['b', 'B'],
      ]);
      expect(await timersOf(restored)).toEqual([{ key: 'a', dueMs: 7 }]);
      await restored.write(batch({ appliedOffset: 9, puts: { c: 'C' } }));
      await restored.close();
      expect(await store.getMany(['c'])).toEqual([undefined]);
    });

    it('copies an empty store, and refuses to copy over something', async () => {
      const copy = await store.checkpoint(join(root, 'copy'));
      expect(copy.appliedOffset).toBe(0);
      await expect(store.checkpoint(copy.dir)).rejects.toMatchObject({ code: 'FS_INTERNAL' });
    });

    it('creates nothing where a state was to be kept', async () => {
      const missing = join(root, 'missing');
      await expect(open({ dir: missing, ifMissing: 'fail' })).rejects.toMatchObject({ code: 'FS_STATE_DAMAGED' });
      await expect(stat(missing)).rejects.toThrow('ENOENT');
      await mkdir(missing);
      await expect(open({ dir: missing, ifMissing: 'fail' })).rejects.toMatchObject({ code: 'FS_STATE_DAMAGED' });
      await expect(readPosition(missing)).rejects.toMatchObject({ code: 'FS_STATE_DAMAGED' });
    });

    it('opens what is there when asked to create', async () => {
      await store.write(batch({ appliedOffset: 2, puts: { a: 'A' } }));
      await store.close();
      store = await open({ dir, ifMissing: 'create' });
      expect(await entriesOf(store)).toEqual([['a', 'A']]);
    });

    it('closes twice, and then refuses everything', async () => {
      await Promise.all([store.close(), store.close()]);
      const closed = { code: 'FS_STATE_UNAVAILABLE' };
      await expect(store.getMany(['a'])).rejects.toMatchObject(closed);
      await expect(store.write(batch({ appliedOffset: 1 }))).rejects.toMatchObject(closed);
      await expect(store.snapshot()).rejects.toMatchObject(closed);
      await expect(store.checkpoint(join(root, 'copy'))).rejects.toMatchObject(closed);
      await expect(timersOf(store)).rejects.toMatchObject(closed);
    });

    it('closes with a snapshot and an iteration left open', async () => {
      const puts = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`r-${index}`, 'x']));
      await store.write(
        batch({
          appliedOffset: 1,
          puts,
          timers: [
            [1, 'a'],
            [2, 'b'],
          ],
        }),
      );
      const snapshot = await store.snapshot();
      await snapshot.entries()[Symbol.asyncIterator]().next();
      await store.timers(0)[Symbol.asyncIterator]().next();
      for await (const { key } of snapshot.entries()) {
        expect(key).toBe('r-0');
        break;
      }
      await store.close();
      await snapshot.release();
    });
  });
}

interface BatchParts {
  readonly appliedOffset: number;
  readonly logTimeMs?: number;
  readonly puts?: Readonly<Record<string, string>>;
  readonly deletes?: readonly string[];
  /** Set, unless it says otherwise. */
  readonly timers?: readonly (readonly [dueMs: number, key: string, isSet?: boolean])[];
}

function batch({ appliedOffset, logTimeMs = 0, puts = {}, deletes = [], timers = [] }: BatchParts): StateBatch {
  return {
    appliedOffset,
    logTimeMs,
    puts: Object.entries(puts).map(([key, value]) => ({ key, value: Buffer.from(value) })),
    deletes,
    timers: timers.map(([dueMs, key, isSet = true]) => ({ key, dueMs, isSet })),
  };
}

async function allOf(snapshot: StateSnapshot): Promise<[string, string][]> {
  const entries: [string, string][] = [];
  for await (const { key, value } of snapshot.entries()) entries.push([key, value.toString()]);
  return entries;
}

async function entriesOf(store: StateStore): Promise<[string, string][]> {
  const snapshot = await store.snapshot();
  try {
    return await allOf(snapshot);
  } finally {
    await snapshot.release();
  }
}

async function timersOf(store: StateStore, fromMs: number = disarmedTimer): Promise<StoredTimer[]> {
  const timers: StoredTimer[] = [];
  for await (const lot of store.timers(fromMs)) timers.push(...lot);
  return timers;
}
