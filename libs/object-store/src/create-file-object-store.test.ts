import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeObjectStoreContract } from '@fleetstream/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileObjectStore } from './create-file-object-store.ts';

describeObjectStoreContract('a folder', (dir) => createFileObjectStore(dir));

describe('createFileObjectStore', () => {
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'file-object-store-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('leaves nothing half written behind, also after a failed put', async () => {
    const store = createFileObjectStore(dir);
    await store.put('a', Buffer.from('x'));
    await expect(store.put('b', { file: join(dir, 'none') })).rejects.toMatchObject({
      code: 'FS_CHECKPOINT_STORE_UNAVAILABLE',
    });
    expect(await readdir(join(dir, '.unfinished'))).toEqual([]);
    expect(await store.head('b')).toBeUndefined();
  });

  it('sweeps what a process left unfinished a day ago, and spares what one may be writing now', async () => {
    const folder = join(dir, '.unfinished');
    await mkdir(folder);
    await writeFile(join(folder, 'old'), 'x');
    await writeFile(join(folder, 'young'), 'x');
    const dayAgo = new Date(Date.now() - 25 * 60 * 60 * 1000);
    await utimes(join(folder, 'old'), dayAgo, dayAgo);
    await createFileObjectStore(dir).put('a', Buffer.from('x'));
    expect(await readdir(folder)).toEqual(['young']);
  });

  it('makes an object of an old file young', async () => {
    const file = join(dir, 'source');
    await writeFile(file, 'x');
    await utimes(file, new Date(0), new Date(0));
    const store = createFileObjectStore(join(dir, 'store'));
    await store.put('a', { file });
    expect((await store.head('a'))?.modifiedAtMs).toBeGreaterThan(Date.now() - 60_000);
  });

  it('says that the store is unavailable when its folder is a file', async () => {
    await writeFile(join(dir, 'store'), 'x');
    const store = createFileObjectStore(join(dir, 'store'));
    await expect(store.put('a', Buffer.from('x'))).rejects.toMatchObject({ code: 'FS_CHECKPOINT_STORE_UNAVAILABLE' });
  });

  it('does not take a missing target folder for a missing object', async () => {
    const store = createFileObjectStore(dir);
    await store.put('a', Buffer.from('x'));
    await expect(store.download('a', join(dir, 'none/out'))).rejects.toMatchObject({
      code: 'FS_CHECKPOINT_STORE_UNAVAILABLE',
    });
  });

  it('makes its folder when it is first written to, not before', async () => {
    const root = join(dir, 'deep/store');
    const store = createFileObjectStore(root);
    for await (const { key } of store.list('')) expect.unreachable(key);
    await expect(stat(root)).rejects.toThrow('ENOENT');
    await store.put('a', Buffer.from('x'));
    expect(await store.get('a')).toEqual(Buffer.from('x'));
  });
});
