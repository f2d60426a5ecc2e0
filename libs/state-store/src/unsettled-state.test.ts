import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CheckpointWorld, createCheckpointWorld, partition, wanted } from './checkpoints/testing-checkpoints.ts';
import { markUnsettled, readBootId } from './unsettled-state.ts';

let world: CheckpointWorld;

const marks = async (): Promise<string[]> =>
  (await readdir(world.target)).filter((name) => name.startsWith('UNSETTLED'));

async function settled(): Promise<void> {
  while ((await marks()).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

beforeEach(async () => {
  world = await createCheckpointWorld();
  await world.uploadAt(10);
});
afterEach(() => world.remove());

describe('a state that is used before it is on the disk', () => {
  it('is marked until it has got there beside its use', async () => {
    await world.store.restore(partition, world.target, wanted, { settleLater: true });
    expect(await marks()).toHaveLength((await readBootId()) === undefined ? 0 : 1);
    const store = await world.open(world.target, 'fail');
    await store.write(world.model.batch(11));
    await settled();
    await store.close();
    expect(await world.look(world.target)).toEqual({ offset: 11, differences: [] });
  });

  it('is settled by a later life when an earlier one was killed before the end', async () => {
    await world.store.restore(partition, world.target, wanted, { settleLater: true });
    await markUnsettled(world.target, await readBootId());
    const store = await world.open(world.target, 'fail');
    await settled();
    await store.close();
  });

  it('is damaged once the system has ended before that', async () => {
    await world.store.restore(partition, world.target, wanted, { settleLater: true });
    expect(await markUnsettled(world.target, 'another boot')).toBe(true);
    await expect(world.open(world.target, 'fail')).rejects.toMatchObject({ code: 'FS_STATE_DAMAGED' });
  });

  it('is damaged when its mark itself was cut short', async () => {
    await world.store.restore(partition, world.target, wanted);
    await writeFile(join(world.target, 'UNSETTLED-x'), '');
    await expect(world.open(world.target, 'fail')).rejects.toMatchObject({ code: 'FS_STATE_DAMAGED' });
  });

  it('has no mark where nobody asked for it, or the system has no name for its life', async () => {
    await world.store.restore(partition, world.target, wanted);
    expect(await marks()).toEqual([]);
    expect(await markUnsettled(world.target, undefined)).toBe(false);
    expect(await marks()).toEqual([]);
    await rm(world.target, { recursive: true });
  });
});
