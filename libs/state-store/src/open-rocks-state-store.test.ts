import { mkdir, mkdtemp, readdir, readFile, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@fleetstream/kernel';
import { describeStateStoreContract } from '@fleetstream/testing';
import RocksDB from 'rocksdb-native';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRocksStateStore } from './open-rocks-state-store.ts';
import { disarmedTimer, type OpenStateStore, type StateBatch, type StoredTimer } from './port.ts';
import { readAppliedPosition } from './read-applied-position.ts';
import { destroyStateDir, stateDirExists } from './state-dir.ts';

const open: OpenStateStore = (options) =>
  openRocksStateStore({ ...options, memtableBytes: 1024 * 1024, log: silentLog });

describeStateStoreContract('RocksDB', { open, readPosition: readAppliedPosition });

const batch = (appliedOffset: number): StateBatch => ({
  puts: Array.from({ length: 100 }, (_, index) => ({ key: `r-${index}`, value: Buffer.alloc(100, appliedOffset) })),
  deletes: [],
  timers: [],
  appliedOffset,
  logTimeMs: 0,
});

let root: string;
let dir: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rocks-'));
  dir = join(root, 'partition');
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** A state whose content lies in a table, as in a checkpoint; the log is empty. */
async function makeState(): Promise<void> {
  const store = await open({ dir: join(root, 'origin'), ifMissing: 'create' });
  await store.write(batch(1));
  await store.checkpoint(dir);
  await store.close();
}

async function fileOf(pattern: RegExp): Promise<string> {
  const name = (await readdir(dir)).find((one) => pattern.test(one));
  return join(dir, name ?? 'none');
}

describe('openRocksStateStore', () => {
  it('refuses a format of a later release', async () => {
    const db = new RocksDB(dir);
    await db.ready();
    const later = db.write({ capacity: 1, autoDestroy: true });
    later.tryPut(Buffer.from('m/applied'), Buffer.alloc(30, 3));
    await later.flush();
    await db.close();
    await expect(open({ dir, ifMissing: 'create' })).rejects.toMatchObject({ code: 'FS_STATE_TOO_NEW' });
    await expect(readAppliedPosition(dir)).rejects.toMatchObject({ code: 'FS_STATE_TOO_NEW' });
    // It was closed again: the refusal holds no lock.
    await expect(open({ dir, ifMissing: 'fail' })).rejects.toMatchObject({ code: 'FS_STATE_TOO_NEW' });
  });

  it('puts the timers of a state of format 1 in order, also when it was cut off while it did', async () => {
    const count = 25_000;
    const db = new RocksDB(dir);
    await db.ready();
    const old = db.write({ capacity: count + 3, autoDestroy: true });
    const applied = Buffer.alloc(17, 0);
    applied[0] = 1;
    applied[8] = 42;
    applied[16] = 7;
    old.tryPut(Buffer.from('m/applied'), applied);
    const timers = Array.from({ length: count }, (_, at) => ({ key: `robot-${at}`, dueMs: (at * 7919) % 30_011 }));
    timers.push({ key: 'failed', dueMs: disarmedTimer });
    for (const { key, dueMs } of timers) {
      const value = Buffer.alloc(8);
      value.writeBigInt64BE(BigInt(dueMs));
      old.tryPut(Buffer.from(`t/${key}`), value);
    }
    // Of an attempt that came to nothing; one too many does no harm.
    old.tryPut(Buffer.from('d/\x80\0\0\0\0\0\0\x01robot-1', 'latin1'), Buffer.alloc(0));
    await old.flush();
    await db.close();
    expect(await readAppliedPosition(dir)).toEqual({ appliedOffset: 42, logTimeMs: 7 });
    const expected = [...timers, { key: 'robot-1', dueMs: 1 }].sort(
      (a, b) => a.dueMs - b.dueMs || (a.key < b.key ? -1 : 1),
    );
    for (let opening = 0; opening < 2; opening += 1) {
      const store = await open({ dir, ifMissing: 'fail' });
      const found: StoredTimer[] = [];
      for await (const lot of store.timers(disarmedTimer)) found.push(...lot);
      expect([store.appliedOffset, store.logTimeMs]).toEqual([42, 7]);
      expect(found).toEqual(expected);
      await store.close();
    }
    const after = new RocksDB(dir);
    await after.ready();
    expect([(await after.get(Buffer.from('m/applied')))?.[0], await after.get(Buffer.from('t/robot-1'))]).toEqual([
      2,
      null,
    ]);
    await after.close();
  });

  it.each<{ name: string; spoil: () => Promise<void> }>([
    { name: 'CURRENT is missing', spoil: async () => unlink(await fileOf(/^CURRENT$/)) },
    { name: 'the MANIFEST is missing', spoil: async () => unlink(await fileOf(/^MANIFEST/)) },
    { name: 'a table is missing', spoil: async () => unlink(await fileOf(/\.sst$/)) },
    { name: 'a table is cut short', spoil: async () => truncate(await fileOf(/\.sst$/), 100) },
    {
      name: 'the MANIFEST has a flipped bit',
      spoil: async () => {
        const file = await fileOf(/^MANIFEST/);
        const bytes = await readFile(file);
        bytes[20] = (bytes[20] ?? 0) ^ 1;
        await writeFile(file, bytes);
      },
    },
  ])('says that a state is damaged when $name', async ({ spoil }) => {
    await makeState();
    await spoil();
    await expect(open({ dir, ifMissing: 'fail' })).rejects.toMatchObject({ code: 'FS_STATE_DAMAGED' });
    await expect(readAppliedPosition(dir)).rejects.toMatchObject({ code: 'FS_STATE_DAMAGED' });
  });

  it('says that a state is damaged when a block that is read has a flipped bit', async () => {
    await makeState();
    const file = await fileOf(/\.sst$/);
    const bytes = await readFile(file);
    // In the last value: the position, which opening reads, is in the first block.
    bytes[bytes.lastIndexOf(Buffer.alloc(20, 1))] = 9;
    await writeFile(file, bytes);
    const store = await open({ dir, ifMissing: 'fail' });
    await expect(store.getMany(['r-98', 'r-99'])).rejects.toMatchObject({ code: 'FS_STATE_DAMAGED' });
    await store.close();
  });

  it('says that a state is unavailable while somebody else has it open', async () => {
    const store = await open({ dir, ifMissing: 'create' });
    await expect(open({ dir, ifMissing: 'fail' })).rejects.toMatchObject({ code: 'FS_STATE_UNAVAILABLE' });
    await store.write(batch(1));
    await store.close();
  });

  it('starts anew over a creation that was cut off, and takes over nothing of it', async () => {
    await makeState();
    await unlink(join(dir, 'CURRENT'));
    const store = await open({ dir, ifMissing: 'create' });
    expect(store.appliedOffset).toBe(0);
    expect(await store.getMany(['r-0'])).toEqual([undefined]);
    await store.close();
    expect((await readdir(root)).sort()).toEqual(['origin', 'partition']);
  });

  it('refuses a second write, and a second checkpoint, while one is under way', async () => {
    const store = await open({ dir, ifMissing: 'create' });
    const first = store.write(batch(1));
    await expect(store.write(batch(2))).rejects.toMatchObject({ code: 'FS_INTERNAL' });
    await first;
    expect(store.appliedOffset).toBe(1);
    const copy = store.checkpoint(join(root, 'one'));
    await expect(store.checkpoint(join(root, 'two'))).rejects.toMatchObject({ code: 'FS_INTERNAL' });
    await copy;
    await store.checkpoint(join(root, 'two'));
    await store.close();
  });

  it('closes after the write and the checkpoint that are under way', async () => {
    const store = await open({ dir, ifMissing: 'create' });
    const under = [store.write(batch(1)), store.checkpoint(join(root, 'copy'))];
    await store.close();
    await Promise.all(under);
    const again = await open({ dir, ifMissing: 'fail' });
    expect(again.appliedOffset).toBe(1);
    await again.close();
  });

  it('replaces what a copy that was cut off left', async () => {
    await mkdir(join(root, 'copy.tmp'));
    await writeFile(join(root, 'copy.tmp', '000001.sst'), 'stale');
    const store = await open({ dir, ifMissing: 'create' });
    const copy = await store.checkpoint(join(root, 'copy'));
    expect((await readdir(copy.dir)).sort()).toEqual(copy.files.map(({ name }) => name).sort());
    await store.close();
  });
});

describe('destroyStateDir', () => {
  it('deletes a state and everything beside its name', async () => {
    await makeState();
    expect(await stateDirExists(dir)).toBe(true);
    await destroyStateDir(dir);
    expect(await stateDirExists(dir)).toBe(false);
    expect(await readdir(root)).toEqual(['origin']);
  });

  it('takes deleting nothing for done', async () => {
    await destroyStateDir(join(root, 'none'));
    await destroyStateDir(join(root, 'none/at/all'));
  });
});
