import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@fleetstream/kernel';
import { type ObjectStore } from '@fleetstream/object-store';
import { createMemoryObjectStore, createWriteModel, findDifferences } from '@fleetstream/testing';
import { openRocksStateStore } from '../open-rocks-state-store.ts';
import { type LocalCheckpoint } from '../port.ts';
import { createCheckpointStore } from './create-checkpoint-store.ts';
import { formatManifestText, parseManifestText } from './manifest-text.ts';
import { type CheckpointCatalogue, type CheckpointManifest, type UploadedCheckpoint } from './port.ts';

export const partition = 3;
export const meta = { topic: 'fleet.events', foldName: 'robot', stateVersion: 2 };
export const wanted = { ...meta, endOffset: 1_000_000 };
export const graceMs = 60_000;
const options = { memtableBytes: 1024 * 1024, log: silentLog };
const prefix = 'local/fleet.events';

export type CheckpointWorld = Awaited<ReturnType<typeof createCheckpointWorld>>;

/** A live state on RocksDB, a checkpoint store in memory, and a clock that each upload moves by a second; for tests. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the type is what this returns
export async function createCheckpointWorld() {
  const root = await mkdtemp(join(tmpdir(), 'checkpoints-'));
  let nowMs = 1_800_000_000_000;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const objects = createMemoryObjectStore(clock);
  const createStore = (on: ObjectStore = objects): CheckpointCatalogue =>
    createCheckpointStore({
      ...{ objects: on, prefix, log: silentLog, clock, retain: 3, graceMs },
      uploadWaits: { attemptsMax: 3, firstMs: 1, lastMs: 2 },
    });
  const store = createStore();
  const open = (dir: string, ifMissing: 'create' | 'fail') => openRocksStateStore({ ...options, dir, ifMissing });
  const model = createWriteModel({ seed: 5, keyCount: 500, keysPerBatch: 100, valueBytes: 150 });
  let live = await open(join(root, 'live'), 'create');
  const manifestOf = async (key: string): Promise<CheckpointManifest> => {
    const parsed = parseManifestText((await objects.get(key))?.toString() ?? '');
    if (parsed.kind !== 'manifest') throw new Error(`${key} is ${parsed.kind}`);
    return parsed.manifest;
  };
  const edit = (key: string, change: (bytes: Buffer) => Buffer): void => {
    const object = objects.objects.get(key);
    if (object === undefined) throw new Error(`There is no ${key}`);
    objects.objects.set(key, { ...object, bytes: change(Buffer.from(object.bytes)) });
  };
  const copyAt = async (offset: number): Promise<LocalCheckpoint> => {
    while (live.appliedOffset < offset) await live.write(model.batch(live.appliedOffset + 1));
    return live.checkpoint(join(root, `copy-${offset}-${nowMs}`));
  };
  return {
    ...{ root, objects, store, createStore, open, model, manifestOf, edit, copyAt },
    target: join(root, 'restored'),
    nowMs: () => nowMs,
    pass: (forMs: number): void => {
      nowMs += forMs;
    },
    uploadAt: async (offset: number): Promise<UploadedCheckpoint> => {
      nowMs += 1000;
      return store.upload(partition, await copyAt(offset), meta);
    },
    /** Goes on with another folder as the live state. */
    moveTo: async (dir: string): Promise<void> => {
      await live.close();
      live = await open(dir, 'fail');
    },
    /** Opens what was restored and compares it with the history; the answer is its offset, and what is wrong. */
    look: async (dir: string): Promise<{ offset: number; differences: string[] }> => {
      const restored = await open(dir, 'fail');
      const snapshot = await restored.snapshot();
      const differences = await findDifferences(snapshot, model);
      await snapshot.release();
      await restored.close();
      return { offset: snapshot.appliedOffset, differences };
    },
    /** The object of the last file of a checkpoint whose name fits. */
    objectKeyOf: async (uploaded: UploadedCheckpoint, name: RegExp): Promise<string> => {
      const { files } = await manifestOf(uploaded.manifestKey);
      return `${prefix}/objects/${files.findLast((one) => name.test(one.name))?.sha256 ?? 'none'}`;
    },
    /** Another manifest for the same files, its digest right. */
    rewrite: async (uploaded: UploadedCheckpoint, fields: Partial<CheckpointManifest>): Promise<void> => {
      const manifest = { ...(await manifestOf(uploaded.manifestKey)), ...fields };
      edit(uploaded.manifestKey, () => Buffer.from(formatManifestText(manifest)));
    },
    objectCount: (): number => [...objects.objects.keys()].filter((key) => key.includes('/objects/')).length,
    remove: async (): Promise<void> => {
      await live.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

export function flipped(bytes: Buffer): Buffer {
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}
