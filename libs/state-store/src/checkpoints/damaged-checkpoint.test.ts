import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type UploadedCheckpoint } from './port.ts';
import { type CheckpointWorld, createCheckpointWorld, flipped, partition, wanted } from './testing-checkpoints.ts';

let world: CheckpointWorld;

beforeEach(async () => {
  world = await createCheckpointWorld();
});
afterEach(() => world.remove());

describe('a checkpoint that cannot be used is skipped for the one before', () => {
  it.each<{ name: string; reason: string; spoil: (newest: UploadedCheckpoint) => Promise<void> | void }>([
    {
      name: 'a bit of a table is flipped',
      reason: 'object-damaged',
      spoil: async (newest) => {
        world.edit(await world.objectKeyOf(newest, /\.sst$/), flipped);
      },
    },
    {
      name: 'a table is cut short',
      reason: 'object-damaged',
      spoil: async (newest) => {
        world.edit(await world.objectKeyOf(newest, /\.sst$/), (bytes) => bytes.subarray(0, -1));
      },
    },
    {
      name: 'a table is missing',
      reason: 'object-missing',
      spoil: async (newest) => {
        world.objects.objects.delete(await world.objectKeyOf(newest, /\.sst$/));
      },
    },
    {
      name: 'a bit of a blob file is flipped',
      reason: 'object-damaged',
      spoil: async (newest) => {
        world.edit(await world.objectKeyOf(newest, /\.blob$/), flipped);
      },
    },
    {
      name: 'a blob file is missing',
      reason: 'object-missing',
      spoil: async (newest) => {
        world.objects.objects.delete(await world.objectKeyOf(newest, /\.blob$/));
      },
    },
    {
      name: 'CURRENT is cut short',
      reason: 'object-damaged',
      spoil: async (newest) => {
        // Both checkpoints name the same object: only the newest may be spoilt here.
        const { files } = await world.manifestOf(newest.manifestKey);
        const sha256 = 'f'.repeat(64);
        await world.objects.put(`local/fleet.events/objects/${sha256}`, Buffer.from('MANIFEST'));
        await world.rewrite(newest, {
          files: files.map((file) => (file.name === 'CURRENT' ? { ...file, sha256 } : file)),
        });
      },
    },
    {
      name: 'a bit of the MANIFEST is flipped',
      reason: 'object-damaged',
      spoil: async (newest) => {
        world.edit(await world.objectKeyOf(newest, /^MANIFEST/), flipped);
      },
    },
    {
      name: 'its manifest is damaged',
      reason: 'manifest-damaged',
      spoil: (newest) => {
        world.edit(newest.manifestKey, flipped);
      },
    },
    {
      name: 'its manifest is empty',
      reason: 'manifest-damaged',
      spoil: (newest) => {
        world.edit(newest.manifestKey, () => Buffer.alloc(0));
      },
    },
    {
      name: 'its manifest is that of the one before',
      reason: 'manifest-damaged',
      spoil: async (newest) => {
        const [, before] = await world.store.list(partition);
        const text = await world.objects.get(before?.manifestKey ?? '');
        world.edit(newest.manifestKey, () => text ?? Buffer.alloc(0));
      },
    },
    {
      name: 'its manifest is of a later release',
      reason: 'manifest-too-new',
      spoil: (newest) => {
        world.edit(newest.manifestKey, (bytes) =>
          Buffer.from(bytes.toString().replace('"schemaVersion":1', '"schemaVersion":9')),
        );
      },
    },
    {
      name: 'its states are of a later model',
      reason: 'state-too-new',
      spoil: (newest) => world.rewrite(newest, { stateVersion: 3 }),
    },
    {
      name: 'it is of another model',
      reason: 'other-fold',
      spoil: (newest) => world.rewrite(newest, { foldName: 'other' }),
    },
    {
      name: 'it is of another topic',
      reason: 'other-log',
      spoil: (newest) => world.rewrite(newest, { topic: 'other' }),
    },
    {
      name: 'it is of another partition',
      reason: 'other-log',
      spoil: (newest) => world.rewrite(newest, { partition: 4 }),
    },
    {
      name: 'it is past the end of the log',
      reason: 'other-log',
      spoil: (newest) => world.rewrite(newest, { appliedOffset: 1_000_001 }),
    },
    {
      name: 'its manifest claims another offset than the copy holds',
      reason: 'copy-unusable',
      spoil: (newest) => world.rewrite(newest, { appliedOffset: 9 }),
    },
    {
      name: 'its manifest leaves a table out',
      reason: 'copy-unusable',
      spoil: async (newest) => {
        const { files } = await world.manifestOf(newest.manifestKey);
        await world.rewrite(newest, { files: files.filter(({ name }) => !name.endsWith('.sst')) });
      },
    },
    {
      name: 'its manifest leaves CURRENT out',
      reason: 'copy-unusable',
      spoil: async (newest) => {
        const { files } = await world.manifestOf(newest.manifestKey);
        await world.rewrite(newest, { files: files.filter(({ name }) => name !== 'CURRENT') });
      },
    },
  ])('$name', async ({ reason, spoil }) => {
    const before = await world.uploadAt(6);
    const newest = await world.uploadAt(10);
    await spoil(newest);
    const { target } = world;
    const outcome = await world.store.restore(partition, target, wanted);
    expect(outcome.skipped).toMatchObject([{ manifestKey: newest.manifestKey, reason }]);
    expect(outcome.restored?.manifestKey).toBe(before.manifestKey);
    expect(await world.look(target)).toEqual({ offset: 6, differences: [] });
  });

  it('a missing manifest is no checkpoint at all', async () => {
    await world.uploadAt(6);
    const newest = await world.uploadAt(10);
    world.objects.objects.delete(newest.manifestKey);
    const outcome = await world.store.restore(partition, world.target, wanted);
    expect(outcome).toMatchObject({ restored: { manifest: { appliedOffset: 6 } }, skipped: [] });
  });

  it('with none usable nothing is left behind, and every one is told of', async () => {
    for (const offset of [1, 2, 3])
      world.edit(await world.objectKeyOf(await world.uploadAt(offset), /^MANIFEST/), flipped);
    const outcome = await world.store.restore(partition, world.target, wanted);
    expect(outcome.restored).toBeUndefined();
    expect(outcome.skipped.map(({ reason }) => reason)).toEqual(Array(3).fill('object-damaged'));
    expect((await readdir(world.root)).filter((name) => name.startsWith('restored'))).toEqual([]);
  });
});

describe('verify', () => {
  it('reads every object again and names those that are not as they should be', async () => {
    const uploaded = await world.uploadAt(40);
    const manifest = await world.manifestOf(uploaded.manifestKey);
    const scratch = `${world.target}-scratch`;
    const whole = { fileCount: manifest.files.length, sizeBytes: uploaded.uploadedBytes, damaged: [] };
    expect(await world.store.verify(manifest, scratch)).toEqual(whole);
    world.edit(await world.objectKeyOf(uploaded, /^OPTIONS/), flipped);
    world.objects.objects.delete(await world.objectKeyOf(uploaded, /\.sst$/));
    const { damaged } = await world.store.verify(manifest, scratch);
    expect(damaged.map(({ name, reason }) => [name.replace(/\d+/, ''), reason]).sort()).toEqual([
      ['.sst', 'object-missing'],
      ['OPTIONS-', 'object-damaged'],
    ]);
    expect((await readdir(world.root)).filter((name) => name.includes('scratch'))).toEqual([]);
  });
});
