import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError, silentLog, systemClock, toMessage } from '@fleetstream/kernel';
import { createCheckpointStore, destroyStateDir, openRocksStateStore, type StateStore } from '@fleetstream/state-store';
import { createMemoryObjectStore, createWriteModel, findDifferences, type WriteModel } from '@fleetstream/testing';
import { type Random } from '../../fleet/seeded-random.ts';
import { type Damage, damageObject, type ListedManifest, type ObjectClass } from './damage-objects.ts';

const partition = 0;
const meta = { topic: 'fleet.events', foldName: 'model', stateVersion: 1 };
const prefix = 'faults/fleet.events';
const storeOptions = { memtableBytes: 256 * 1024, log: silentLog };
/** Where the copies are taken, and where the log ends. */
const copiedAt = [30, 55, 80] as const;
const logEnd = 90;

export interface DamageCase {
  readonly objectClass: ObjectClass;
  readonly damage: Damage;
  readonly random: Random;
}

export interface RecoveryOutcome {
  /** The damaged checkpoint was not taken, and the answer names it; a missing manifest is no checkpoint at all. */
  readonly detected: boolean;
  /** `undefined` when the log had to be folded from its start. */
  readonly restoredOffset: number | undefined;
  readonly told: string;
  /** Of the state at the end of the log from what it must be. */
  readonly differences: readonly string[];
}

export interface CheckpointedHistory {
  /** Damages one object of the newest checkpoint, restores, and folds the rest of the log. Leaves all as it was. */
  damageAndRecover(damaged: DamageCase): Promise<RecoveryOutcome>;
  remove(): Promise<void>;
}

/** A state on RocksDB with three checkpoints of it, the history of which can be computed again. */
export async function createCheckpointedHistory(seed: number): Promise<CheckpointedHistory> {
  const root = await mkdtemp(join(tmpdir(), 'fleetstream-corrupt-'));
  const objects = createMemoryObjectStore();
  const store = createCheckpointStore({
    ...{ objects, prefix, log: silentLog, clock: systemClock, retain: copiedAt.length, graceMs: 60_000 },
  });
  const model = createWriteModel({ seed, keyCount: 800, keysPerBatch: 120, valueBytes: 300 });
  const live = await openRocksStateStore({ ...storeOptions, dir: join(root, 'live'), ifMissing: 'create' });
  for (const offset of copiedAt) {
    await writeUntil(live, model, offset);
    await store.upload(partition, await live.checkpoint(join(root, `copy-${offset}`)), meta);
  }
  await live.close();
  const whole = new Map(objects.objects);
  const checkpoints = (await store.list(partition)).flatMap((one): ListedManifest[] =>
    one.kind === 'readable' ? [one] : [],
  );
  return {
    damageAndRecover: async (damaged) => {
      const keyOf = (sha256: string) => `${prefix}/objects/${sha256}`;
      const key = damageObject({ objects, checkpoints, keyOf, ...damaged });
      const target = join(root, 'restored');
      try {
        if (key === undefined) throw new AppError('FS_INTERNAL', `Nothing to damage: ${damaged.objectClass}`);
        const outcome = await store.restore(partition, target, { ...meta, endOffset: logEnd });
        const restoredOffset = outcome.restored?.manifest.appliedOffset;
        const newest = checkpoints[0]?.manifestKey;
        const isGone = damaged.damage === 'missing' && key === newest;
        const detected =
          outcome.restored?.manifestKey !== newest &&
          (isGone || outcome.skipped.some(({ manifestKey }) => manifestKey === newest));
        const told = outcome.skipped.map(({ reason, detail }) => `${reason}: ${detail}`).join(', ');
        return { detected, restoredOffset, told, differences: await foldOn(target, restoredOffset, model) };
      } finally {
        objects.objects.clear();
        for (const [name, object] of whole) objects.objects.set(name, object);
        await destroyStateDir(target);
      }
    },
    remove: () => rm(root, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** What a task does with what it restored, or with nothing: folds the log to its end. */
async function foldOn(dir: string, restoredOffset: number | undefined, model: WriteModel): Promise<string[]> {
  try {
    const ifMissing = restoredOffset === undefined ? 'create' : 'fail';
    const store = await openRocksStateStore({ ...storeOptions, dir, ifMissing });
    await writeUntil(store, model, logEnd);
    const snapshot = await store.snapshot();
    const differences = await findDifferences(snapshot, model);
    await snapshot.release();
    await store.close();
    return differences;
  } catch (thrown) {
    return [`it does not open: ${toMessage(thrown)}`];
  }
}

async function writeUntil(store: StateStore, model: WriteModel, offset: number): Promise<void> {
  while (store.appliedOffset < offset) await store.write(model.batch(store.appliedOffset + 1));
}
