import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type CheckpointWorld,
  createCheckpointWorld,
  flipped,
  graceMs,
  meta,
  partition,
  wanted,
} from './testing-checkpoints.ts';

let world: CheckpointWorld;

beforeEach(async () => {
  world = await createCheckpointWorld();
});
afterEach(() => world.remove());

describe('collectGarbage', () => {
  it('deletes what no manifest names once it is old, and every retained checkpoint stays restorable', async () => {
    for (const offset of [10, 20, 30, 40, 50]) await world.uploadAt(offset);
    const before = world.objectCount();
    world.pass(graceMs + 10_000);
    const outcome = await world.store.collectGarbage();
    expect(outcome).toMatchObject({ kind: 'collected' });
    expect(world.objectCount()).toBeLessThan(before);
    for (const checkpoint of await world.store.list(partition)) {
      const target = join(world.root, `restored-${checkpoint.manifestKey.length}`);
      const outcomeOfRestore = await world.store.restore(partition, target, wanted);
      expect(outcomeOfRestore.skipped).toEqual([]);
      world.objects.objects.delete(checkpoint.manifestKey);
      await rm(target, { recursive: true });
    }
    world.pass(graceMs + 10_000);
    await world.store.collectGarbage();
    expect(world.objectCount()).toBe(0);
  });

  it('spares what is young: its manifest may be on its way', async () => {
    await world.objects.put('local/fleet.events/objects/' + 'a'.repeat(64), Buffer.from('x'));
    world.pass(graceMs);
    expect(await world.store.collectGarbage()).toEqual({ kind: 'collected', deletedCount: 0, deletedBytes: 0 });
    world.pass(1);
    expect(await world.store.collectGarbage()).toEqual({ kind: 'collected', deletedCount: 1, deletedBytes: 1 });
  });

  it('spares what an upload has put again since it was listed', async () => {
    const key = 'local/fleet.events/objects/' + 'a'.repeat(64);
    await world.objects.put(key, Buffer.from('x'));
    world.pass(graceMs + 1);
    const renewing = world.createStore({
      ...world.objects,
      // Between the listing of objects and the first deletion.
      get: async (name) => {
        await world.objects.put(key, Buffer.from('x'));
        return world.objects.get(name);
      },
    });
    await world.uploadAt(5);
    expect(await renewing.collectGarbage()).toMatchObject({ deletedCount: 0 });
    expect(world.objects.objects.has(key)).toBe(true);
  });

  it.each(['before its manifest', 'at its manifest'])(
    'leaves no checkpoint of an upload that slept through the grace period %s',
    async (when) => {
      await world.uploadAt(10);
      let isAsleep = false;
      const sleeping = world.createStore({
        ...world.objects,
        put: async (key, content) => {
          if (key.includes('/manifests/') === (when === 'at its manifest') && !isAsleep) {
            isAsleep = true;
            world.pass(graceMs);
          }
          await world.objects.put(key, content);
        },
      });
      const copy = await world.copyAt(20);
      await expect(sleeping.upload(partition, copy, meta)).rejects.toMatchObject({
        code: 'FS_CHECKPOINT_STORE_UNAVAILABLE',
      });
      const listed = await world.store.list(partition);
      expect(listed.map((one) => one.kind === 'readable' && one.manifest.appliedOffset)).toEqual([10]);
      await sleeping.upload(partition, copy, meta);
      expect(await world.store.list(partition)).toHaveLength(2);
    },
  );

  it('touches no other prefix', async () => {
    await world.objects.put('other/fleet.events/objects/x', Buffer.from('x'));
    world.pass(graceMs + 1);
    await world.store.collectGarbage();
    expect(world.objects.objects.has('other/fleet.events/objects/x')).toBe(true);
  });

  it('spares what other partitions name', async () => {
    await world.store.upload(partition + 1, await world.copyAt(5), meta);
    const before = world.objectCount();
    world.pass(graceMs + 1);
    await world.store.collectGarbage();
    expect(world.objectCount()).toBe(before);
  });

  it('deletes nothing while a manifest is unreadable', async () => {
    const uploaded = await world.uploadAt(5);
    world.edit(uploaded.manifestKey, flipped);
    world.pass(graceMs + 1);
    const before = world.objectCount();
    expect(await world.store.collectGarbage()).toEqual({
      kind: 'refused',
      unreadableManifestKeys: [uploaded.manifestKey],
    });
    expect(world.objectCount()).toBe(before);
  });

  it('renews an object that only garbage names when an upload needs it again', async () => {
    const first = await world.uploadAt(10);
    const table = await world.objectKeyOf(first, /\.sst$/);
    world.objects.objects.delete(first.manifestKey);
    world.pass(graceMs + 10_000);
    await world.uploadAt(10);
    expect(world.objects.objects.get(table)?.modifiedAtMs).toBe(world.nowMs());
  });
});
