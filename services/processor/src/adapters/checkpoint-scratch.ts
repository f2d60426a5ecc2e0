import { join } from 'node:path';
import { type Log, toMessage } from '@fleetstream/kernel';
import {
  type CheckpointManifest,
  type CheckpointStore,
  destroyStateDir,
  openRocksStateStore,
  type StateStore,
} from '@fleetstream/state-store';

/** A restored checkpoint, to be read. */
export interface ScratchState {
  readonly store: Pick<StateStore, 'getMany' | 'appliedOffset' | 'logTimeMs'>;
  /** Call it when done; the copy stays for a while, for the next question. */
  release(): void;
}

export interface CheckpointScratch {
  /** Removes what an earlier life left. */
  start(): Promise<void>;
  /**
   * The newest readable checkpoint of the partition at or before `offset`; `undefined` when there is none, or it can't
   * be restored, or it is larger than is allowed.
   *
   * @throws AppError FS_CHECKPOINT_STORE_UNAVAILABLE
   */
  nearest(partition: number, offset: number): Promise<CheckpointManifest | undefined>;
  /** @throws AppError FS_CHECKPOINT_STORE_UNAVAILABLE; `undefined` when it turned out damaged */
  open(manifest: CheckpointManifest): Promise<ScratchState | undefined>;
  stop(): Promise<void>;
}

export interface CheckpointScratchOptions {
  readonly checkpoints: Pick<CheckpointStore, 'list' | 'restore'>;
  readonly dir: string;
  readonly topic: string;
  readonly foldName: string;
  readonly stateVersion: number;
  /** A larger checkpoint isn't restored for a question. */
  readonly maxBytes: number;
  readonly log: Log;
}

interface Copy {
  readonly dir: string;
  readonly opened: Promise<StateStore | undefined>;
  users: number;
  usedAt: number;
}

/** Copies kept beside those in use. */
const copiesMax = 2;
/** Reading needs next to no write buffer. */
const memtableBytes = 64 * 1024;

/** Restores checkpoints into folders of their own, and keeps the last ones: questions about the past come in series. */
export function createCheckpointScratch(options: CheckpointScratchOptions): CheckpointScratch {
  const { checkpoints, dir, topic, foldName, stateVersion, log } = options;
  const copies = new Map<string, Copy>();
  let count = 0;

  async function restore(manifest: CheckpointManifest, target: string): Promise<StateStore | undefined> {
    const { partition, appliedOffset: endOffset } = manifest;
    const wanted = { topic, foldName, stateVersion, endOffset };
    const { restored } = await checkpoints.restore(partition, target, wanted);
    if (restored === undefined) return undefined;
    const store = await openRocksStateStore({ dir: target, ifMissing: 'fail', memtableBytes, log });
    if (store.appliedOffset === endOffset) return store;
    // It was damaged, and an older one came instead: whoever asked counts on another start.
    await store.close();
    await destroyStateDir(target);
    return undefined;
  }

  async function drop(key: string, copy: Copy): Promise<void> {
    copies.delete(key);
    try {
      await (await copy.opened)?.close();
      await destroyStateDir(copy.dir);
    } catch (thrown) {
      log.warn({ dir: copy.dir, reason: toMessage(thrown) }, 'a copy of the past could not be removed');
    }
  }

  async function makeRoom(): Promise<void> {
    const idle = [...copies].filter(([, { users }]) => users === 0).sort(([, a], [, b]) => a.usedAt - b.usedAt);
    for (const [key, copy] of idle.slice(0, Math.max(0, copies.size - copiesMax))) await drop(key, copy);
  }

  return {
    start: () => destroyStateDir(dir),
    nearest: (partition, offset) => findNearest(options, partition, offset),
    open: async (manifest) => {
      const key = `${manifest.partition}/${manifest.appliedOffset}/${manifest.createdAtMs}`;
      let copy = copies.get(key);
      if (copy === undefined) {
        const target = join(dir, String(count++));
        copy = { dir: target, opened: restore(manifest, target), users: 0, usedAt: 0 };
        copies.set(key, copy);
      }
      const mine = copy;
      mine.users += 1;
      const release = () => {
        mine.users -= 1;
        mine.usedAt = count++;
        void makeRoom();
      };
      try {
        const store = await mine.opened;
        if (store !== undefined) return { store, release };
      } catch (thrown) {
        copies.delete(key);
        release();
        throw thrown;
      }
      copies.delete(key);
      release();
      return undefined;
    },
    stop: async () => {
      for (const [key, copy] of copies) await drop(key, copy).catch(() => undefined);
      await destroyStateDir(dir);
    },
  };
}

async function findNearest(
  { checkpoints, topic, foldName, stateVersion, maxBytes }: CheckpointScratchOptions,
  partition: number,
  offset: number,
): Promise<CheckpointManifest | undefined> {
  for (const listed of await checkpoints.list(partition)) {
    if (listed.kind !== 'readable' || listed.manifest.appliedOffset > offset) continue;
    const { manifest } = listed;
    if (manifest.topic !== topic || manifest.foldName !== foldName || manifest.stateVersion > stateVersion) continue;
    const sizeBytes = manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
    return sizeBytes > maxBytes ? undefined : manifest;
  }
  return undefined;
}
