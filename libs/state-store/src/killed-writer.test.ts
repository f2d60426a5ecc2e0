import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import { silentLog } from '@fleetstream/kernel';
import { createWriteModel, findDifferences } from '@fleetstream/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openRocksStateStore } from './open-rocks-state-store.ts';
import { disarmedTimer, type StoredTimer } from './port.ts';
import { destroyStateDir } from './state-dir.ts';

const rounds = 5;
const modelOptions = { seed: 11, keyCount: 2_000, keysPerBatch: 200, valueBytes: 200 };
const program = join(
  dirname(createRequire(import.meta.url).resolve('@fleetstream/testing')),
  'state-writer.program.ts',
);

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'killed-writer-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

it('a kill at any moment loses no awaited batch, and every finished copy is exact', async () => {
  const model = createWriteModel(modelOptions);
  let copies = 0;
  for (let round = 0; round < rounds; round++) {
    const acknowledged = await writeAndKill(100 + round * 70, round === 0 ? 'finished' : 'applied');
    const live = await openAndCompare(join(root, 'live'));
    expect(live.differences).toEqual([]);
    // One batch may have been applied and not yet told of.
    expect(live.offset - acknowledged).toBeGreaterThanOrEqual(0);
    expect(live.offset - acknowledged).toBeLessThanOrEqual(1);
    for (const name of (await readdir(root)).filter((one) => one.startsWith('finished-'))) {
      const copy = await openAndCompare(join(root, name));
      expect(copy).toEqual({ offset: Number(name.split('-')[1]), differences: [] });
      await destroyStateDir(join(root, name));
      copies++;
    }
  }
  expect(copies).toBeGreaterThan(0);

  async function openAndCompare(dir: string): Promise<{ offset: number; differences: string[] }> {
    const store = await openRocksStateStore({ dir, ifMissing: 'fail', memtableBytes: 256 * 1024, log: silentLog });
    const snapshot = await store.snapshot();
    const differences = await findDifferences(snapshot, model);
    await snapshot.release();
    const { appliedOffset: offset } = snapshot;
    const timers: StoredTimer[] = [];
    for await (const lot of store.timers(disarmedTimer)) timers.push(...lot);
    await store.close();
    const areRight = isDeepStrictEqual(timers, model.timersAt(offset));
    return { offset, differences: areRight ? differences : [...differences, 'the timers'] };
  }
}, 60_000);

/** Lets the program write for so long after its first batch, or copy; the answer is the last offset that it acknowledged. */
async function writeAndKill(writesForMs: number, after: 'applied' | 'finished'): Promise<number> {
  const child = spawn(execPath, [program, JSON.stringify([root, modelOptions])], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let acknowledged = 0;
  let timer: NodeJS.Timeout | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const [what, offset] = line.split(' ');
    if (what !== 'finished') acknowledged = Number(offset);
    if (what === after) timer ??= setTimeout(() => child.kill('SIGKILL'), writesForMs);
  }
  clearTimeout(timer);
  if (child.signalCode === null && child.exitCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return acknowledged;
}
