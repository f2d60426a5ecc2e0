import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { getPriority, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@fleetstream/kernel';
import { describe, expect, it } from 'vitest';
import { openRocksStateStore } from './open-rocks-state-store.ts';

async function prioritiesOf(name: string): Promise<number[]> {
  const threads = await readdir('/proc/self/task');
  const names = await Promise.all(
    threads.map((thread) => readFile(`/proc/self/task/${thread}/comm`, 'utf8').catch(() => '')),
  );
  return threads.filter((_, index) => names[index]?.trimEnd() === name).map((thread) => getPriority(Number(thread)));
}

describe.runIf(platform() === 'linux')('yieldCompactions', () => {
  it('makes the threads that compact wait for others, and no other thread', async () => {
    const root = await mkdtemp(join(tmpdir(), 'yield-compactions-'));
    const mine = getPriority();
    const store = await openRocksStateStore({
      ...{ dir: join(root, 'state'), ifMissing: 'create', memtableBytes: 1024 * 1024, log: silentLog },
    });
    const low = await prioritiesOf('rocksdb:low');
    expect(low.length).toBeGreaterThan(0);
    for (const priority of low) expect(priority).toBe(Math.max(mine, 10));
    for (const priority of await prioritiesOf('rocksdb:high')) expect(priority).toBe(mine);
    expect(getPriority()).toBe(mine);
    await store.close();
    await rm(root, { recursive: true });
  });
});
