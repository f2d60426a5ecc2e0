import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError, silentLog } from '@fleetstream/kernel';
import {
  createMemoryObjectStore,
  createWriteModel,
  findDifferences,
  type MemoryObjectStore,
} from '@fleetstream/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRocksStateStore } from '../open-rocks-state-store.ts';
import { type LocalCheckpoint, type StateStore } from '../port.ts';
import { createCheckpointStore } from './create-checkpoint-store.ts';
import { formatManifestText, parseManifestText } from './manifest-text.ts';
import {
  type CheckpointManifest,
  type CheckpointStore,
  type UploadedCheckpoint,
  type WantedCheckpoint,
} from './port.ts';

const partition = 3;
const meta = { topic: 'fleet.events', foldName: 'robot', stateVersion: 2 };
const wanted: WantedCheckpoint = { ...meta, endOffset: 1_000_000 };
const graceMs = 60_000;
const options = { memtableBytes: 1024 * 1024, log: silentLog };

let root: string;
let nowMs: number;
let objects: MemoryObjectStore;
let store: CheckpointStore;
let live: StateStore;
let model: ReturnType<typeof createWriteModel>;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'checkpoints-'));
  nowMs = 1_800_000_000_000;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  objects = createMemoryObjectStore(clock);
  store = createCheckpointStore({ objects, prefix: 'local/fleet.events', log: silentLog, clock, retain: 3, graceMs });
  live = await openRocksStateStore({ ...options, dir: join(root, 'live'), ifMissing: 'create' });
  model = createWriteModel({ seed: 5, keyCount: 500, keysPerBatch: 100, valueBytes: 100 });
});
afterEach(async () => {
  await live.close();
  await rm(root, { recursive: true, force: true });
});

async function copyAt(offset: number): Promise<LocalCheckpoint> {
  while (live.appliedOffset < offset) await live.write(model.batch(live.appliedOffset + 1));
  return live.checkpoint(join(root, `copy-${offset}-${nowMs}`));
}

async function uploadAt(offset: number): Promise<UploadedCheckpoint> {
  nowMs += 1_000;
  return store.upload(partition, await copyAt(offset), meta);
}

/** Opens what was restored and compares it with the history; the answer is its offset. */
async function offsetOf(dir: string): Promise<number> {
  const restored = await openRocksStateStore({ ...options, dir, ifMissing: 'fail' });
  const snapshot = await restored.snapshot();
  const differences = await findDifferences(snapshot, model);
  await snapshot.release();
  await restored.close();
  expect(differences).toEqual([]);
  return snapshot.appliedOffset;
}

async function manifestOf(key: string): Promise<CheckpointManifest> {
  const parsed = parseManifestText((await objects.get(key))?.toString() ?? '');
  if (parsed.kind !== 'manifest') throw new Error(`${key} is ${parsed.kind}`);
  return parsed.manifest;
}

/** The object of the first file of a checkpoint whose name fits, and that the one before doesn't share. */
async function objectKeyOf(uploaded: UploadedCheckpoint, name: RegExp): Promise<string> {
  const { files } = await manifestOf(uploaded.manifestKey);
  const file = files.findLast((one) => name.test(one.name));
  return `local/fleet.events/objects/${file?.sha256}`;
}

describe('upload and restore', () => {
  it('restore what was uploaded, exactly, and it can be written on', async () => {
    const uploaded = await uploadAt(10);
    expect(uploaded).toMatchObject({ appliedOffset: 10, logTimeMs: 10_000, reusedBytes: 0, createdAtMs: nowMs });
    const target = join(root, 'deep/restored');
    const outcome = await store.restore(partition, target, wanted);
    expect(outcome.skipped).toEqual([]);
    expect(outcome.restored).toMatchObject({
      manifestKey: uploaded.manifestKey,
      manifest: { ...meta, partition, appliedOffset: 10, logTimeMs: 10_000 },
    });
    expect(await offsetOf(target)).toBe(10);
    const restored = await openRocksStateStore({ ...options, dir: target, ifMissing: 'fail' });
    for (let offset = 11; offset <= 15; offset++) await restored.write(model.batch(offset));
    await restored.close();
    expect(await offsetOf(target)).toBe(15);
    expect(await readdir(join(root, 'deep'))).toEqual(['restored']);
  });

  it('find nothing where nothing was uploaded, also of another partition', async () => {
    await uploadAt(1);
    const target = join(root, 'restored');
    expect(await store.restore(partition + 1, target, wanted)).toEqual({ restored: undefined, skipped: [] });
    expect(await readdir(root)).not.toContain('restored');
  });

  it('upload only what is new, also across a restart and a restore', async () => {
    const first = await uploadAt(40);
    const again = await uploadAt(40);
    // Nothing was written in between: only the MANIFEST and what lies beside it can differ.
    expect(again.reusedBytes).toBeGreaterThan(0.9 * first.uploadedBytes);
    expect(again.uploadedBytes + again.reusedBytes).toBeGreaterThanOrEqual(first.uploadedBytes);

    const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
    const restarted = createCheckpointStore({
      objects,
      prefix: 'local/fleet.events',
      log: silentLog,
      clock,
      retain: 3,
      graceMs,
    });
    await restarted.restore(partition, join(root, 'restored'), wanted);
    await live.close();
    live = await openRocksStateStore({ ...options, dir: join(root, 'restored'), ifMissing: 'fail' });
    const after = await restarted.upload(partition, await copyAt(41), meta);
    expect(after.reusedBytes).toBeGreaterThan(0.8 * first.uploadedBytes);
    expect((await restarted.list(partition)).length).toBe(3);
  });

  it('put again an object that was lost or cut short since the checkpoint before', async () => {
    const first = await uploadAt(10);
    const table = await objectKeyOf(first, /\.sst$/);
    objects.objects.delete(table);
    expect((await uploadAt(10)).uploadedBytes).toBeGreaterThan(1_000);
    objects.objects.set(table, { bytes: Buffer.from('short'), modifiedAtMs: nowMs });
    await uploadAt(10);
    expect((await store.restore(partition, join(root, 'restored'), wanted)).skipped).toEqual([]);
  });

  it('write the manifest last: an upload that fails leaves the checkpoint before as the newest', async () => {
    const first = await uploadAt(5);
    const copy = await copyAt(9);
    const failing = { ...objects, put: failAfter(2) };
    const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
    const half = createCheckpointStore({
      objects: failing,
      prefix: 'local/fleet.events',
      log: silentLog,
      clock,
      retain: 3,
      graceMs,
    });
    await expect(half.upload(partition, copy, meta)).rejects.toMatchObject({ code: 'FS_CHECKPOINT_STORE_UNAVAILABLE' });
    const outcome = await store.restore(partition, join(root, 'restored'), wanted);
    expect(outcome.restored?.manifestKey).toBe(first.manifestKey);
    expect(outcome.skipped).toEqual([]);
  });

  it('list the newest first, by offset', async () => {
    for (const offset of [2, 9, 10]) await uploadAt(offset);
    const listed = await store.list(partition);
    expect(listed.map((one) => (one.kind === 'readable' ? one.manifest.appliedOffset : one.kind))).toEqual([10, 9, 2]);
  });

  it('keep the retained number and drop the oldest', async () => {
    for (const offset of [1, 2, 3, 4, 5]) await uploadAt(offset);
    const listed = await store.list(partition);
    expect(listed.map((one) => (one.kind === 'readable' ? one.manifest.appliedOffset : one.kind))).toEqual([5, 4, 3]);
  });

  it('refuse a target that exists, and replace what a restore that was cut off left', async () => {
    await uploadAt(5);
    const target = join(root, 'restored');
    await mkdir(`${target}.tmp`);
    await writeFile(join(`${target}.tmp`, 'CURRENT'), 'stale');
    await writeFile(join(`${target}.tmp`, '000001.sst'), 'stale');
    await store.restore(partition, target, wanted);
    expect(await offsetOf(target)).toBe(5);
    await expect(store.restore(partition, target, wanted)).rejects.toMatchObject({ code: 'FS_INTERNAL' });
  });

  it('take a store that does not answer for that, not for damage', async () => {
    await uploadAt(5);
    const copy = await copyAt(6);
    const unavailable = new AppError('FS_CHECKPOINT_STORE_UNAVAILABLE', 'away');
    objects.failWith(unavailable);
    await expect(store.upload(partition, copy, meta)).rejects.toBe(unavailable);
    await expect(store.restore(partition, join(root, 'restored'), wanted)).rejects.toBe(unavailable);
    await expect(store.list(partition)).rejects.toBe(unavailable);
    await expect(store.collectGarbage()).rejects.toBe(unavailable);
    objects.failWith(undefined);
    expect((await store.restore(partition, join(root, 'restored'), wanted)).skipped).toEqual([]);
  });
});

function failAfter(puts: number): MemoryObjectStore['put'] {
  let left = puts;
  return (key, body) => {
    if (left-- > 0) return objects.put(key, body);
    return Promise.reject(new AppError('FS_CHECKPOINT_STORE_UNAVAILABLE', 'away'));
  };
}

function edit(key: string, change: (bytes: Buffer) => Buffer): void {
  const object = objects.objects.get(key);
  if (object === undefined) throw new Error(`There is no ${key}`);
  objects.objects.set(key, { ...object, bytes: change(Buffer.from(object.bytes)) });
}

const flipped = (bytes: Buffer): Buffer => {
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
};

/** Another manifest for the same files, its digest right. */
async function rewrite(uploaded: UploadedCheckpoint, fields: Partial<CheckpointManifest>): Promise<void> {
  const manifest = { ...(await manifestOf(uploaded.manifestKey)), ...fields };
  edit(uploaded.manifestKey, () => Buffer.from(formatManifestText(manifest)));
}

describe('a checkpoint that cannot be used is skipped for the one before', () => {
  it.each<{ name: string; reason: string; spoil: (newest: UploadedCheckpoint) => Promise<void> | void }>([
    {
      name: 'a bit of a table is flipped',
      reason: 'object-damaged',
      spoil: async (newest) => {
        edit(await objectKeyOf(newest, /\.sst$/), flipped);
      },
    },
    {
      name: 'a table is cut short',
      reason: 'object-damaged',
      spoil: async (newest) => {
        edit(await objectKeyOf(newest, /\.sst$/), (bytes) => bytes.subarray(0, -1));
      },
    },
    {
      name: 'a table is missing',
      reason: 'object-missing',
      spoil: async (newest) => {
        objects.objects.delete(await objectKeyOf(newest, /\.sst$/));
      },
    },
    {
      name: 'a bit of the MANIFEST is flipped',
      reason: 'object-damaged',
      spoil: async (newest) => {
        edit(await objectKeyOf(newest, /^MANIFEST/), flipped);
      },
    },
    {
      name: 'its manifest is damaged',
      reason: 'manifest-damaged',
      spoil: (newest) => {
        edit(newest.manifestKey, flipped);
      },
    },
    {
      name: 'its manifest is empty',
      reason: 'manifest-damaged',
      spoil: (newest) => {
        edit(newest.manifestKey, () => Buffer.alloc(0));
      },
    },
    {
      name: 'its manifest is of a later release',
      reason: 'manifest-too-new',
      spoil: (newest) => {
        edit(newest.manifestKey, (bytes) =>
          Buffer.from(bytes.toString().replace('"schemaVersion":1', '"schemaVersion":9')),
        );
      },
    },
    {
      name: 'its states are of a later model',
      reason: 'state-too-new',
      spoil: (newest) => rewrite(newest, { stateVersion: 3 }),
    },
    { name: 'it is of another model', reason: 'other-fold', spoil: (newest) => rewrite(newest, { foldName: 'other' }) },
    { name: 'it is of another topic', reason: 'other-log', spoil: (newest) => rewrite(newest, { topic: 'other' }) },
    { name: 'it is of another partition', reason: 'other-log', spoil: (newest) => rewrite(newest, { partition: 4 }) },
    {
      name: 'it is past the end of the log',
      reason: 'other-log',
      spoil: (newest) => rewrite(newest, { appliedOffset: 1_000_001 }),
    },
    {
      name: 'its manifest claims another offset than the copy holds',
      reason: 'copy-unusable',
      spoil: (newest) => rewrite(newest, { appliedOffset: 9 }),
    },
    {
      name: 'its manifest leaves a table out',
      reason: 'copy-unusable',
      spoil: async (newest) => {
        const { files } = await manifestOf(newest.manifestKey);
        await rewrite(newest, { files: files.filter(({ name }) => !name.endsWith('.sst')) });
      },
    },
    {
      name: 'its manifest leaves CURRENT out',
      reason: 'copy-unusable',
      spoil: async (newest) => {
        const { files } = await manifestOf(newest.manifestKey);
        await rewrite(newest, { files: files.filter(({ name }) => name !== 'CURRENT') });
      },
    },
  ])('$name', async ({ reason, spoil }) => {
    const before = await uploadAt(6);
    const newest = await uploadAt(10);
    await spoil(newest);
    const target = join(root, 'restored');
    const outcome = await store.restore(partition, target, wanted);
    expect(outcome.skipped).toMatchObject([{ manifestKey: newest.manifestKey, reason }]);
    expect(outcome.restored?.manifestKey).toBe(before.manifestKey);
    expect(await offsetOf(target)).toBe(6);
  });

  it('a missing manifest is no checkpoint at all', async () => {
    await uploadAt(6);
    const newest = await uploadAt(10);
    objects.objects.delete(newest.manifestKey);
    const outcome = await store.restore(partition, join(root, 'restored'), wanted);
    expect(outcome).toMatchObject({ restored: { manifest: { appliedOffset: 6 } }, skipped: [] });
  });

  it('with none usable nothing is left behind, and every one is told of', async () => {
    for (const offset of [1, 2, 3]) edit(await objectKeyOf(await uploadAt(offset), /^MANIFEST/), flipped);
    const outcome = await store.restore(partition, join(root, 'restored'), wanted);
    expect(outcome.restored).toBeUndefined();
    expect(outcome.skipped.map(({ reason }) => reason)).toEqual(Array(3).fill('object-damaged'));
    expect((await readdir(root)).filter((name) => name.startsWith('restored'))).toEqual([]);
  });
});

describe('collectGarbage', () => {
  const objectCount = (): number => [...objects.objects.keys()].filter((key) => key.includes('/objects/')).length;

  it('deletes what no manifest names once it is old, and every retained checkpoint stays restorable', async () => {
    for (const offset of [10, 20, 30, 40, 50]) await uploadAt(offset);
    const before = objectCount();
    nowMs += graceMs + 10_000;
    const outcome = await store.collectGarbage();
    expect(outcome).toMatchObject({ kind: 'collected' });
    expect(objectCount()).toBeLessThan(before);
    for (const checkpoint of await store.list(partition)) {
      const target = join(root, `restored-${checkpoint.manifestKey.length}`);
      const outcomeOfRestore = await store.restore(partition, target, wanted);
      expect(outcomeOfRestore.skipped).toEqual([]);
      objects.objects.delete(checkpoint.manifestKey);
      await rm(target, { recursive: true });
    }
    nowMs += graceMs + 10_000;
    await store.collectGarbage();
    expect(objectCount()).toBe(0);
  });

  it('spares what is young: its manifest may be on its way', async () => {
    await objects.put('local/fleet.events/objects/' + 'a'.repeat(64), Buffer.from('x'));
    nowMs += graceMs;
    expect(await store.collectGarbage()).toEqual({ kind: 'collected', deletedCount: 0, deletedBytes: 0 });
    nowMs += 1;
    expect(await store.collectGarbage()).toEqual({ kind: 'collected', deletedCount: 1, deletedBytes: 1 });
  });

  it('touches no other prefix', async () => {
    await objects.put('other/fleet.events/objects/x', Buffer.from('x'));
    nowMs += graceMs + 1;
    await store.collectGarbage();
    expect(objects.objects.has('other/fleet.events/objects/x')).toBe(true);
  });

  it('spares what other partitions name', async () => {
    await store.upload(partition + 1, await copyAt(5), meta);
    const before = objectCount();
    nowMs += graceMs + 1;
    await store.collectGarbage();
    expect(objectCount()).toBe(before);
  });

  it('deletes nothing while a manifest is unreadable', async () => {
    const uploaded = await uploadAt(5);
    edit(uploaded.manifestKey, flipped);
    nowMs += graceMs + 1;
    const before = objectCount();
    expect(await store.collectGarbage()).toEqual({ kind: 'refused', unreadableManifestKeys: [uploaded.manifestKey] });
    expect(objectCount()).toBe(before);
  });

  it('renews an object that only garbage names when an upload needs it again', async () => {
    const first = await uploadAt(10);
    const table = await objectKeyOf(first, /\.sst$/);
    objects.objects.delete(first.manifestKey);
    nowMs += graceMs + 10_000;
    await uploadAt(10);
    expect(objects.objects.get(table)?.modifiedAtMs).toBe(nowMs);
  });
});
