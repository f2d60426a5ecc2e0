import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@fleetstream/kernel';
import { type ObjectStore } from '@fleetstream/object-store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CheckpointWorld, createCheckpointWorld, meta, partition, wanted } from './testing-checkpoints.ts';

let world: CheckpointWorld;

beforeEach(async () => {
  world = await createCheckpointWorld();
});
afterEach(() => world.remove());

describe('upload and restore', () => {
  it('restore what was uploaded, exactly, and it can be written on', async () => {
    const uploaded = await world.uploadAt(10);
    expect(uploaded).toMatchObject({
      appliedOffset: 10,
      logTimeMs: 10_000,
      reusedBytes: 0,
      createdAtMs: world.nowMs(),
    });
    const target = join(world.root, 'deep/restored');
    const outcome = await world.store.restore(partition, target, wanted);
    expect(outcome.skipped).toEqual([]);
    expect(outcome.restored).toMatchObject({
      manifestKey: uploaded.manifestKey,
      manifest: { ...meta, partition, appliedOffset: 10, logTimeMs: 10_000 },
    });
    expect(await world.look(target)).toEqual({ offset: 10, differences: [] });
    const restored = await world.open(target, 'fail');
    for (let offset = 11; offset <= 15; offset++) await restored.write(world.model.batch(offset));
    await restored.close();
    expect(await world.look(target)).toEqual({ offset: 15, differences: [] });
    expect(await readdir(join(world.root, 'deep'))).toEqual(['restored']);
  });

  it('find nothing where nothing was uploaded, also of another partition', async () => {
    await world.uploadAt(1);
    const { target } = world;
    expect(await world.store.restore(partition + 1, target, wanted)).toEqual({ restored: undefined, skipped: [] });
    expect(await readdir(world.root)).not.toContain('restored');
  });

  it('upload only what is new, also across a restart and a restore', async () => {
    const first = await world.uploadAt(40);
    const again = await world.uploadAt(40);
    // Nothing was written in between: only the MANIFEST and what lies beside it can differ.
    expect(again.reusedBytes).toBeGreaterThan(0.9 * first.uploadedBytes);
    expect(again.uploadedBytes + again.reusedBytes).toBeGreaterThanOrEqual(first.uploadedBytes);

    const restarted = world.createStore();
    await restarted.restore(partition, world.target, wanted);
    await world.moveTo(world.target);
    const after = await restarted.upload(partition, await world.copyAt(41), meta);
    expect(after.reusedBytes).toBeGreaterThan(0.8 * first.uploadedBytes);
    expect((await restarted.list(partition)).length).toBe(3);
  });

  it('put again an object that was lost or cut short since the checkpoint before', async () => {
    const first = await world.uploadAt(10);
    const table = await world.objectKeyOf(first, /\.sst$/);
    world.objects.objects.delete(table);
    expect((await world.uploadAt(10)).uploadedBytes).toBeGreaterThan(1_000);
    world.objects.objects.set(table, { bytes: Buffer.from('short'), modifiedAtMs: world.nowMs() });
    await world.uploadAt(10);
    expect((await world.store.restore(partition, world.target, wanted)).skipped).toEqual([]);
  });

  it('write the manifest last: an upload that fails leaves the checkpoint before as the newest', async () => {
    const first = await world.uploadAt(5);
    const copy = await world.copyAt(9);
    const failing = { ...world.objects, put: failAfter(2) };
    const half = world.createStore(failing);
    await expect(half.upload(partition, copy, meta)).rejects.toMatchObject({ code: 'FS_CHECKPOINT_STORE_UNAVAILABLE' });
    const outcome = await world.store.restore(partition, world.target, wanted);
    expect(outcome.restored?.manifestKey).toBe(first.manifestKey);
    expect(outcome.skipped).toEqual([]);
  });

  it('try again what a store that stumbles does not take, and count it once', async () => {
    const copy = await world.copyAt(9);
    const stumbled = new Set<string>();
    const stumbling: ObjectStore = {
      ...world.objects,
      put: (key, body) => {
        if (stumbled.has(key)) return world.objects.put(key, body);
        stumbled.add(key);
        return Promise.reject(new AppError('FS_CHECKPOINT_STORE_UNAVAILABLE', 'slow down'));
      },
    };
    const uploaded = await world.createStore(stumbling).upload(partition, copy, meta);
    expect(uploaded.uploadedBytes).toBe(copy.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
    expect((await world.store.restore(partition, world.target, wanted)).skipped).toEqual([]);
  });

  it('do not take a store at its word that kept less than it was given', async () => {
    const copy = await world.copyAt(9);
    const forgetful: ObjectStore = { ...world.objects, put: () => Promise.resolve() };
    await expect(world.createStore(forgetful).upload(partition, copy, meta)).rejects.toMatchObject({
      code: 'FS_CHECKPOINT_STORE_UNAVAILABLE',
    });
    expect(await world.store.list(partition)).toEqual([]);
  });

  it('have no more transfers under way than the process may, over all partitions', async () => {
    const copies = [await world.copyAt(10), await world.copyAt(20), await world.copyAt(30)];
    let running = 0;
    let most = 0;
    const slow: ObjectStore = {
      ...world.objects,
      put: async (key, body) => {
        most = Math.max(most, (running += 1));
        await new Promise((resolve) => setTimeout(resolve, 2));
        await world.objects.put(key, body);
        running -= 1;
      },
    };
    const store = world.createStore(slow);
    await Promise.all(copies.map((copy, index) => store.upload(index, copy, meta)));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(8);
    expect(await store.partitions()).toEqual([0, 1, 2]);
  });

  it('keep a damaged checkpoint out of the retained number', async () => {
    for (const offset of [1, 2]) await world.uploadAt(offset);
    const damaged = await world.uploadAt(3);
    world.edit(damaged.manifestKey, () => Buffer.from('{}'));
    await world.uploadAt(4);
    const offsets = async (): Promise<unknown[]> =>
      (await world.store.list(partition)).map((one) =>
        one.kind === 'readable' ? one.manifest.appliedOffset : one.kind,
      );
    expect(await offsets()).toEqual([4, 'unreadable', 2, 1]);
    for (const offset of [5, 6]) await world.uploadAt(offset);
    expect(await offsets()).toEqual([6, 5, 4]);
  });

  it('tell how far a restore is, and end it when asked to, leaving nothing', async () => {
    const { uploadedBytes } = await world.uploadAt(40);
    const told: { restoredBytes: number; totalBytes: number }[] = [];
    await world.store.restore(partition, world.target, wanted, { onProgress: (progress) => told.push(progress) });
    expect(told[0]).toEqual({ restoredBytes: 0, totalBytes: uploadedBytes });
    expect(told.at(-1)).toEqual({ restoredBytes: uploadedBytes, totalBytes: uploadedBytes });
    const stop = new AbortController();
    const elsewhere = join(world.root, 'elsewhere');
    const stopped = world.store.restore(partition, elsewhere, wanted, {
      signal: stop.signal,
      onBytes: () => {
        stop.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    expect(await readdir(world.root)).not.toContain('elsewhere');
  });

  it('list the newest first, by offset', async () => {
    for (const offset of [2, 9, 10]) await world.uploadAt(offset);
    const listed = await world.store.list(partition);
    expect(listed.map((one) => (one.kind === 'readable' ? one.manifest.appliedOffset : one.kind))).toEqual([10, 9, 2]);
  });

  it('keep the retained number and drop the oldest', async () => {
    for (const offset of [1, 2, 3, 4, 5]) await world.uploadAt(offset);
    const listed = await world.store.list(partition);
    expect(listed.map((one) => (one.kind === 'readable' ? one.manifest.appliedOffset : one.kind))).toEqual([5, 4, 3]);
  });

  it('refuse a target that exists, and replace what a restore that was cut off left', async () => {
    await world.uploadAt(5);
    const { target } = world;
    await mkdir(`${target}.tmp`);
    await writeFile(join(`${target}.tmp`, 'CURRENT'), 'stale');
    await writeFile(join(`${target}.tmp`, '000001.sst'), 'stale');
    await world.store.restore(partition, target, wanted);
    expect(await world.look(target)).toEqual({ offset: 5, differences: [] });
    await expect(world.store.restore(partition, target, wanted)).rejects.toMatchObject({ code: 'FS_INTERNAL' });
  });

  it('take a store that does not answer for that, not for damage', async () => {
    await world.uploadAt(5);
    const copy = await world.copyAt(6);
    const unavailable = new AppError('FS_CHECKPOINT_STORE_UNAVAILABLE', 'away');
    world.objects.failWith(unavailable);
    await expect(world.store.upload(partition, copy, meta)).rejects.toBe(unavailable);
    await expect(world.store.restore(partition, world.target, wanted)).rejects.toBe(unavailable);
    await expect(world.store.list(partition)).rejects.toBe(unavailable);
    await expect(world.store.collectGarbage()).rejects.toBe(unavailable);
    world.objects.failWith(undefined);
    expect((await world.store.restore(partition, world.target, wanted)).skipped).toEqual([]);
  });
});

function failAfter(puts: number): ObjectStore['put'] {
  let left = puts;
  return (key, body) => {
    if (left-- > 0) return world.objects.put(key, body);
    return Promise.reject(new AppError('FS_CHECKPOINT_STORE_UNAVAILABLE', 'away'));
  };
}
