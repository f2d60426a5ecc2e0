import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyLiveFiles } from './copy-live-files.ts';
import { deletedFile, newFile4 } from './manifest/manifest-builder.ts';
import { writeLogRecords } from './manifest/write-log-records.ts';

let root: string;
let dir: string;
let target: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'copy-live-'));
  dir = join(root, 'live');
  target = join(root, 'copy');
  await mkdir(dir);
  await writeFile(join(dir, 'CURRENT'), 'MANIFEST-000005\n');
  await writeFile(join(dir, 'OPTIONS-000007'), 'old');
  await writeFile(join(dir, 'OPTIONS-000011'), 'new');
  await writeFile(join(dir, '000012.log'), 'the write-ahead log');
  await table(9, 100);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const table = (number: number, sizeBytes: number): Promise<void> =>
  writeFile(join(dir, `${String(number).padStart(6, '0')}.sst`), Buffer.alloc(sizeBytes, number));

const manifest = (bytes: Buffer): Promise<void> => writeFile(join(dir, 'MANIFEST-000005'), bytes);

describe('copyLiveFiles', () => {
  it('links the live tables and no other, without the log, CURRENT last', async () => {
    await table(10, 50);
    await table(8, 50);
    await manifest(writeLogRecords([newFile4(0, 9, 100), newFile4(0, 10, 50)]));
    const { files, attempts } = await copyLiveFiles(dir, target);
    const names = ['000009.sst', '000010.sst', 'MANIFEST-000005', 'OPTIONS-000011', 'CURRENT'];
    expect(files.map(({ name }) => name)).toEqual(names);
    expect((await readdir(target)).sort()).toEqual(names.sort());
    expect(attempts).toBe(1);
    expect((await stat(join(target, '000009.sst'))).ino).toBe((await stat(join(dir, '000009.sst'))).ino);
  });

  it('cuts off a record that is being written', async () => {
    const whole = writeLogRecords([newFile4(0, 9, 100)]);
    await manifest(writeLogRecords([newFile4(0, 9, 100), deletedFile(0, 9)]).subarray(0, whole.length + 8));
    const { files } = await copyLiveFiles(dir, target);
    expect(await readFile(join(target, 'MANIFEST-000005'))).toEqual(whole);
    expect(files).toContainEqual({ name: 'MANIFEST-000005', sizeBytes: whole.length });
  });

  it('starts over with the MANIFEST when compaction deletes a table under it', async () => {
    await manifest(writeLogRecords([newFile4(0, 8, 100)]));
    const copying = copyLiveFiles(dir, target);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await manifest(writeLogRecords([newFile4(0, 8, 100), Buffer.concat([deletedFile(0, 8), newFile4(1, 9, 100)])]));
    const { files, attempts } = await copying;
    expect(files[0]).toEqual({ name: '000009.sst', sizeBytes: 100 });
    expect(attempts).toBeGreaterThan(1);
  });

  it.each([
    {
      name: 'a table has another size than the MANIFEST says',
      bytes: writeLogRecords([newFile4(0, 9, 99)]),
      code: 'FS_STATE_DAMAGED',
    },
    { name: 'a table stays missing', bytes: writeLogRecords([newFile4(0, 8, 100)]), code: 'FS_STATE_UNAVAILABLE' },
    { name: 'the MANIFEST stays unreadable', bytes: Buffer.from('x'.repeat(40)), code: 'FS_STATE_DAMAGED' },
  ])('gives up after a number of attempts when $name', async ({ bytes, code }) => {
    await manifest(bytes);
    await expect(copyLiveFiles(dir, target)).rejects.toMatchObject({ code });
  });

  it('does not follow a CURRENT that names something else', async () => {
    await writeFile(join(dir, 'CURRENT'), '../MANIFEST-000005\n');
    await expect(copyLiveFiles(dir, target)).rejects.toMatchObject({ code: 'FS_STATE_DAMAGED' });
  });
});
