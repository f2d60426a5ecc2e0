import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@fleetstream/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRocksStateStore } from './open-rocks-state-store.ts';
import { createRocksMemory } from './rocks-memory.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rocks-memory-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const puts = Array.from({ length: 100 }, (_, index) => ({ key: `r-${index}`, value: Buffer.alloc(1000) }));

describe('createRocksMemory', () => {
  it('adds up what open states have, and forgets those that were closed', async () => {
    const memory = createRocksMemory(silentLog);
    const open = (name: string) =>
      openRocksStateStore({
        ...{ dir: join(root, name), ifMissing: 'create', memtableBytes: 1024 * 1024, memory, log: silentLog },
      });
    const [one, other] = [await open('one'), await open('other')];
    const empty = await memory.read();
    await one.write({ puts, deletes: [], timers: [], appliedOffset: 1, logTimeMs: 0 });
    const { memtableBytes } = await memory.read();
    expect(memtableBytes).toBeGreaterThan(empty.memtableBytes + 100_000);
    await other.write({ puts, deletes: [], timers: [], appliedOffset: 1, logTimeMs: 0 });
    expect((await memory.read()).memtableBytes).toBeGreaterThan(memtableBytes + 100_000);
    await Promise.all([one.close(), other.close()]);
    expect(await memory.read()).toEqual({ blockCacheBytes: 0, pinnedBytes: 0, memtableBytes: 0, tableReaderBytes: 0 });
  });
});
