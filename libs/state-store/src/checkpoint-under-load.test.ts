import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@fleetstream/kernel';
import { createWriteModel, findDifferences } from '@fleetstream/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openRocksStateStore } from './open-rocks-state-store.ts';
import { type StateStore } from './port.ts';
import { destroyStateDir } from './state-dir.ts';

const checkpoints = 25;
// Small memtables, so that flushes and compactions run into the copies.
const options = { memtableBytes: 256 * 1024, log: silentLog };

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'under-load-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

it('every copy taken under full write load equals the history up to its own offset, value by value', async () => {
  const model = createWriteModel({ seed: 7, keyCount: 5_000, keysPerBatch: 300, valueBytes: 200 });
  const store = await openRocksStateStore({ ...options, dir: join(root, 'live'), ifMissing: 'create' });
  const ended = new AbortController();
  const writing = writeUntil(store, (offset) => model.batch(offset), ended.signal);
  const found: { atLeast: number; offset: number; differences: string[] }[] = [];
  try {
    for (let taken = 0; taken < checkpoints; taken++) {
      const atLeast = store.appliedOffset;
      const { dir, appliedOffset } = await store.checkpoint(join(root, `copy-${taken}`));
      const copy = await openRocksStateStore({ ...options, dir, ifMissing: 'fail' });
      const snapshot = await copy.snapshot();
      expect(copy.appliedOffset).toBe(appliedOffset);
      found.push({ atLeast, offset: appliedOffset, differences: await findDifferences(snapshot, model) });
      await snapshot.release();
      await copy.close();
      await destroyStateDir(dir);
    }
  } finally {
    ended.abort();
    await writing;
  }
  expect(found.filter(({ differences }) => differences.length > 0)).toEqual([]);
  expect(found.filter(({ atLeast, offset }) => offset < atLeast)).toEqual([]);
  expect(store.appliedOffset).toBeGreaterThan(checkpoints);
  const snapshot = await store.snapshot();
  expect(await findDifferences(snapshot, model)).toEqual([]);
  await snapshot.release();
  await store.close();
}, 60_000);

async function writeUntil(
  store: StateStore,
  batch: (offset: number) => Parameters<StateStore['write']>[0],
  ended: AbortSignal,
): Promise<void> {
  while (!ended.aborted) await store.write(batch(store.appliedOffset + 1));
}
