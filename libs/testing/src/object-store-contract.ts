import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getSizeBytesMax, type ObjectStore } from '@fleetstream/object-store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** What every object store must do. `create` gives an empty one; `dir` is a folder of the test's own. */
export function describeObjectStoreContract(
  name: string,
  create: (dir: string) => ObjectStore | Promise<ObjectStore>,
): void {
  describe(`${name} keeps the contract of an object store`, () => {
    let dir: string;
    let store: ObjectStore;

    beforeEach(async () => {
      dir = await mkdtemp(join(tmpdir(), 'object-store-'));
      store = await create(join(dir, 'store'));
    });
    afterEach(() => rm(dir, { recursive: true, force: true }));

    const keysOf = async (prefix: string): Promise<string[]> => {
      const keys: string[] = [];
      for await (const { key } of store.list(prefix)) keys.push(key);
      return keys;
    };

    it('gives back what was put, from memory and from a file', async () => {
      const bytes = Buffer.from([0, 1, 2, 255]);
      await writeFile(join(dir, 'in'), bytes);
      await store.put('a/memory', bytes);
      await store.put('a/file', { file: join(dir, 'in') });
      expect(await store.get('a/memory')).toEqual(bytes);
      expect(await store.get('a/file')).toEqual(bytes);
    });

    it('keeps an empty object apart from none', async () => {
      await store.put('empty', Buffer.alloc(0));
      expect(await store.get('empty')).toEqual(Buffer.alloc(0));
      expect(await store.get('none')).toBeUndefined();
      expect(await store.get('none/at/all')).toBeUndefined();
    });

    it('overwrites whole, also by something shorter', async () => {
      await store.put('a', Buffer.from('long text'));
      await store.put('a', Buffer.from('short'));
      expect(await store.get('a')).toEqual(Buffer.from('short'));
    });

    it('keeps its own copy of a file that changes later', async () => {
      await writeFile(join(dir, 'in'), 'before');
      await store.put('a', { file: join(dir, 'in') });
      await writeFile(join(dir, 'in'), 'after');
      expect(await store.get('a')).toEqual(Buffer.from('before'));
    });

    it('downloads into a new file, and makes none when there is no object', async () => {
      await store.put('a', Buffer.from('text'));
      const sha256 = createHash('sha256').update('text').digest('hex');
      expect(await store.download('a', join(dir, 'out'))).toEqual({ sizeBytes: 4, sha256 });
      expect(await readFile(join(dir, 'out'), 'utf8')).toBe('text');
      expect(await store.download('none', join(dir, 'none'))).toBeUndefined();
      await expect(stat(join(dir, 'none'))).rejects.toThrow('ENOENT');
    });

    it('tells how many bytes came, and leaves no file when it is told to stop', async () => {
      const stop = new AbortController();
      await store.put('a', Buffer.alloc(3_000_000, 1));
      let sizeBytes = 0;
      const onBytes = (more: number): void => {
        sizeBytes += more;
      };
      await store.download('a', join(dir, 'out'), { onBytes });
      expect(sizeBytes).toBe(3_000_000);
      const onFirstBytes = (): void => {
        stop.abort();
      };
      const stopped = store.download('a', join(dir, 'half'), { onBytes: onFirstBytes, signal: stop.signal });
      await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
      await expect(stat(join(dir, 'half'))).rejects.toThrow('ENOENT');
    });

    it('tells size and time, and renews the time on every put', async () => {
      const before = Date.now() - 2_000;
      await store.put('a', Buffer.from('text'));
      const first = await store.head('a');
      expect(first?.sizeBytes).toBe(4);
      expect(first?.modifiedAtMs).toBeGreaterThan(before);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await store.put('a', Buffer.from('text'));
      expect((await store.head('a'))?.modifiedAtMs).toBeGreaterThanOrEqual(first?.modifiedAtMs ?? Infinity);
      expect(await store.head('none')).toBeUndefined();
    });

    it('lists in the order of the bytes of whole keys', async () => {
      const keys = ['a-b', 'a.b', 'a/b', 'a/b.c/d', 'a/b0', 'a0', 'aB/c', 'b/1', 'b/10', 'b/2'];
      for (const key of [...keys].reverse()) await store.put(key, Buffer.from(key));
      expect(await keysOf('')).toEqual(keys);
    });

    it('lists by any prefix, also half a name', async () => {
      for (const key of ['m/00001/a', 'm/00001/b', 'm/00010/a', 'm1', 'n']) await store.put(key, Buffer.from('x'));
      expect(await keysOf('m/00001/')).toEqual(['m/00001/a', 'm/00001/b']);
      expect(await keysOf('m/0')).toEqual(['m/00001/a', 'm/00001/b', 'm/00010/a']);
      expect(await keysOf('m')).toEqual(['m/00001/a', 'm/00001/b', 'm/00010/a', 'm1']);
      expect(await keysOf('none/')).toEqual([]);
    });

    it('deletes, and takes deleting nothing for done', async () => {
      await store.put('a/b', Buffer.from('x'));
      await store.delete('a/b');
      await store.delete('a/b');
      expect(await store.get('a/b')).toBeUndefined();
      expect(await keysOf('')).toEqual([]);
    });

    it('gives a reader one whole object or the other while two are put', async () => {
      const [left, right] = [Buffer.alloc(100_000, 1), Buffer.alloc(200_000, 2)];
      await store.put('a', left);
      const writes = Array.from({ length: 20 }, (_, index) => store.put('a', index % 2 === 0 ? right : left));
      for (let read = 0; read < 20; read++) {
        const bytes = await store.get('a');
        expect(bytes?.equals(left) === true || bytes?.equals(right) === true).toBe(true);
      }
      await Promise.all(writes);
    });

    it.each(['', '/', 'a/', '/a', 'a//b', '.', '..', '../a', 'a/../b', '.hidden', 'a b', 'a\\b', 'ä', 'a'.repeat(600)])(
      'refuses %j as a key',
      async (key) => {
        const refusal = expect.objectContaining({ code: 'FS_INTERNAL' }) as Error;
        await expect(store.put(key, Buffer.from('x'))).rejects.toEqual(refusal);
        await expect(store.get(key)).rejects.toEqual(refusal);
        await expect(store.download(key, join(dir, 'out'))).rejects.toEqual(refusal);
        await expect(store.head(key)).rejects.toEqual(refusal);
        await expect(store.delete(key)).rejects.toEqual(refusal);
      },
    );

    it('refuses to read into memory what is too large for it', async () => {
      await store.put('large', Buffer.alloc(getSizeBytesMax + 1));
      await expect(store.get('large')).rejects.toMatchObject({ code: 'FS_INTERNAL' });
      expect(await store.download('large', join(dir, 'large'))).toMatchObject({ sizeBytes: getSizeBytesMax + 1 });
    });
  });
}
