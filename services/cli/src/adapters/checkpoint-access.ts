import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError, silentLog, systemClock } from '@fleetstream/kernel';
import { createObjectStoreFromUrl, type ObjectStore, type ObjectStoreAccess } from '@fleetstream/object-store';
import {
  type CheckpointCatalogue,
  type CheckpointManifest,
  checkpointPrefixOf,
  createCheckpointStore,
  openRocksStateStore,
  type RestoreOutcome,
} from '@fleetstream/state-store';
import { CliFailure, failRefused, failUsage } from '../cli-failure.ts';

/** Which store, and what of it. */
export interface CheckpointPlace {
  readonly url: string;
  readonly credentials: ObjectStoreAccess['credentials'] | undefined;
  /** `<cluster>/<topic>`; found by looking when left out. */
  readonly prefix: string | undefined;
}

/** The checkpoints of one log, to be read: nothing here writes to the store. */
export async function openCheckpoints({ url, credentials, prefix }: CheckpointPlace): Promise<CheckpointCatalogue> {
  return await reaching(async () => {
    const access = { log: silentLog, ...(credentials === undefined ? {} : { credentials }) };
    const objects = createObjectStoreFromUrl(url, access);
    const found = prefix ?? (await findPrefix(objects));
    // Neither is used by who only reads.
    const unused = { retain: 1, graceMs: Number.MAX_SAFE_INTEGER };
    return createCheckpointStore({ objects, prefix: found, log: silentLog, clock: systemClock, ...unused });
  });
}

async function findPrefix(objects: ObjectStore): Promise<string> {
  const found = new Set<string>();
  for await (const { key } of objects.list('')) {
    const prefix = checkpointPrefixOf(key);
    if (prefix !== undefined) found.add(prefix);
  }
  const [only, ...others] = found;
  if (only === undefined) return failRefused('There are no checkpoints in this store.');
  if (others.length === 0) return only;
  return failUsage(`The store holds checkpoints of several logs; choose by --prefix: ${[...found].sort().join(', ')}`);
}

/** Restores the checkpoint of a manifest, and no other. @throws CliFailure 1 when it is damaged */
export async function restoreExactly(
  checkpoints: CheckpointCatalogue,
  manifest: CheckpointManifest,
  dir: string,
): Promise<void> {
  const { partition, topic, foldName, stateVersion, appliedOffset } = manifest;
  const wanted = { topic, foldName, stateVersion, endOffset: appliedOffset };
  const outcome: RestoreOutcome = await reaching(() => checkpoints.restore(partition, dir, wanted));
  if (outcome.restored?.manifest.appliedOffset === appliedOffset) return;
  const why = outcome.skipped.find(({ manifestKey }) => manifestKey.includes(String(appliedOffset)));
  failRefused(
    `The checkpoint at ${appliedOffset} of partition ${partition} can't be restored: ${why?.detail ?? 'it is gone'}`,
  );
}

/** Keys and states of a restored checkpoint, in key order; opened for reading, closed at the end. */
export async function* readStates(dir: string): AsyncGenerator<{ readonly key: string; readonly stateText: string }> {
  const store = await openRocksStateStore({ dir, ifMissing: 'fail', memtableBytes: 64 * 1024, log: silentLog });
  try {
    const snapshot = await store.snapshot();
    try {
      // The first byte is the version of the state's encoding.
      for await (const { key, value } of snapshot.entries()) yield { key, stateText: value.toString('utf8', 1) };
    } finally {
      await snapshot.release();
    }
  } finally {
    await store.close();
  }
}

/** A folder of the command's own, gone at its end. */
export async function withScratch<Answer>(work: (dir: string) => Promise<Answer>): Promise<Answer> {
  const dir = await mkdtemp(join(tmpdir(), 'fleetstream-checkpoints-'));
  try {
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** @throws CliFailure 3 when the store doesn't answer, 2 for a URL that is none */
export async function reaching<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    if (thrown.code === 'FS_CONFIG_INVALID') throw new CliFailure(2, thrown.message, thrown);
    throw new CliFailure(thrown.code === 'FS_CHECKPOINT_STORE_UNAVAILABLE' ? 3 : 1, thrown.message, thrown);
  }
}
