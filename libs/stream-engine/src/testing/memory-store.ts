import { AppError } from '@fleetstream/kernel';
import { type StateStore } from '@fleetstream/state-store';
import { applyBatch, type StoredState } from './memory-disk.ts';
import { type MemoryProcess } from './memory-process.ts';

/** The state store on a process's disk, a step before and behind everything. */
export function createMemoryStore(process: MemoryProcess, dir: string): StateStore {
  const { disk, world } = process;
  const content = (): StoredState => {
    const stored = disk.get(dir);
    if (stored === undefined) throw new AppError('FS_STATE_DAMAGED', `nothing in ${dir}`);
    return stored;
  };
  return {
    get appliedOffset() {
      return content().appliedOffset;
    },
    get logTimeMs() {
      return content().logTimeMs;
    },
    get indexVersion() {
      return content().indexVersion;
    },
    getMany: async (keys) => {
      await process.step(`reads ${keys.length} states`, 'FS_STATE_UNAVAILABLE');
      return keys.map((key) => content().states.get(key));
    },
    write: async (batch) => {
      await process.step(`stores up to ${batch.appliedOffset}`, 'FS_STATE_UNAVAILABLE');
      if (!world.rules.batchAtomic) {
        const { appliedOffset, logTimeMs } = content();
        disk.set(dir, applyBatch(content(), { ...batch, appliedOffset, logTimeMs }));
        await process.step('half of the batch is stored');
      }
      disk.set(dir, applyBatch(content(), batch));
      await process.step(`stored up to ${batch.appliedOffset}`);
    },
    timers: async function* (fromMs) {
      await process.step(`reads timers from ${fromMs}`, 'FS_STATE_UNAVAILABLE');
      yield content().timers.filter(({ dueMs }) => dueMs >= fromMs);
    },
    snapshot: async () => {
      await process.step('takes a snapshot');
      const { states, rows, appliedOffset, logTimeMs } = content();
      const inOrder = <Value>(map: ReadonlyMap<string, Value>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
      return {
        ...{ appliedOffset, logTimeMs },
        entries: async function* () {
          await Promise.resolve();
          for (const [key, value] of inOrder(states)) yield { key, value };
        },
        getMany: async (keys) => {
          await process.step('reads from a snapshot');
          return keys.map((key) => states.get(key));
        },
        rows: async function* (afterKey) {
          await Promise.resolve();
          for (const [key, row] of inOrder(rows)) if (afterKey === undefined || key > afterKey) yield { key, row };
        },
        release: () => Promise.resolve(),
      };
    },
    checkpoint: async (targetDir) => {
      await process.step('flushes', 'FS_STATE_UNAVAILABLE');
      const copied = content();
      await process.step('links');
      const appliedOffset = copied.appliedOffset + world.rules.copyOffsetError;
      disk.set(targetDir, { ...copied, appliedOffset });
      await process.step(`copied the state at ${appliedOffset}`);
      return { dir: targetDir, files: [], appliedOffset, logTimeMs: copied.logTimeMs };
    },
    close: () => process.step('store closes'),
  };
}
