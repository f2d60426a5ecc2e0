import { mkdtemp, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@fleetstream/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { trimInfoLog } from './trim-info-log.ts';

const mib = 1024 * 1024;
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'info-log-'));
});
afterEach(() => rm(dir, { recursive: true }));

const heldBytes = async (name: string) => (await stat(join(dir, name))).blocks * 512;

describe('trimInfoLog', () => {
  it('cuts a long one under the hands of its writer, who goes on', async () => {
    const writer = await open(join(dir, 'LOG'), 'w');
    await writer.write(Buffer.alloc(2 * mib, 'a'));
    await trimInfoLog(dir, silentLog);
    await writer.write(Buffer.alloc(1000, 'b'));
    await writer.close();
    expect(await heldBytes('LOG')).toBeLessThan(mib / 10);
    expect((await stat(join(dir, 'LOG'))).size).toBe(2 * mib + 1000);
  });

  it('leaves a short one, and deletes those of openings before', async () => {
    await writeFile(join(dir, 'LOG'), 'short');
    await writeFile(join(dir, 'LOG.old.1795450000000000'), 'older');
    await writeFile(join(dir, 'CURRENT'), 'MANIFEST-000005');
    await trimInfoLog(dir, silentLog);
    expect((await readdir(dir)).sort()).toEqual(['CURRENT', 'LOG']);
    expect((await stat(join(dir, 'LOG'))).size).toBe(5);
  });

  it('has nothing to do where there is none', async () => {
    await expect(trimInfoLog(join(dir, 'elsewhere'), silentLog)).resolves.toBeUndefined();
  });
});
