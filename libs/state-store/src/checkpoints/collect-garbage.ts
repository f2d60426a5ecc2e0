import { type Clock, type Log } from '@fleetstream/kernel';
import { type ListedObject, type ObjectStore } from '@fleetstream/object-store';
import { type CheckpointKeys } from './checkpoint-keys.ts';
import { listManifestKeys, readManifests } from './list-checkpoints.ts';
import { type GarbageOutcome, type ListedCheckpoint } from './port.ts';

export interface GarbageParts {
  readonly objects: ObjectStore;
  readonly keys: CheckpointKeys;
  readonly log: Log;
  readonly clock: Clock;
  readonly graceMs: number;
}

/** A run deletes at most this many; the next one goes on. */
const deletionsMax = 10_000;
const listingsMax = 10;

/** Deletes objects that no manifest of any partition names and that are older than the grace period. */
export async function collectGarbage(parts: GarbageParts): Promise<GarbageOutcome> {
  const { objects, keys, log } = parts;
  const candidates = await listCandidates(parts);
  // Objects first: a manifest that was written meanwhile is seen, and with it what it names.
  const listed = await readAllManifests(objects, keys.manifestsPrefix);
  if (listed === undefined) {
    log.warn({}, 'garbage is not collected while checkpoints come and go this fast');
    return { kind: 'refused', unreadableManifestKeys: [] };
  }
  const unreadable = listed.filter(({ kind }) => kind === 'unreadable').map(({ manifestKey }) => manifestKey);
  if (unreadable.length > 0) {
    // It may be a later release's, which names objects that we would take for garbage.
    log.warn({ unreadable: unreadable.slice(0, 10) }, 'garbage is not collected while a manifest is unreadable');
    return { kind: 'refused', unreadableManifestKeys: unreadable };
  }
  const named = new Set(
    listed.flatMap((one) =>
      one.kind === 'readable' ? one.manifest.files.map(({ sha256 }) => keys.object(sha256)) : [],
    ),
  );
  const garbage = candidates.filter(({ key }) => !named.has(key)).slice(0, deletionsMax);
  let deletedCount = 0;
  let deletedBytes = 0;
  for (const { key, sizeBytes, modifiedAtMs } of garbage) {
    // An upload may have put it again since it was listed, and its manifest may name it any moment.
    const head = await objects.head(key);
    if (head === undefined || head.modifiedAtMs > modifiedAtMs) continue;
    await objects.delete(key);
    deletedCount += 1;
    deletedBytes += sizeBytes;
  }
  const outcome = { kind: 'collected', deletedCount, deletedBytes } as const;
  if (deletedCount > 0) log.info(outcome, 'unnamed checkpoint objects were deleted');
  return outcome;
}

/**
 * Every manifest of at least two listings, one begun after the other had ended, the last of which lost none to a
 * deletion before it was read. An upload drops an old manifest once its own is written: a single listing could meet
 * the old one gone and the new one not yet there.
 *
 * `undefined` when manifests come and go too fast for that.
 */
async function readAllManifests(objects: ObjectStore, prefix: string): Promise<ListedCheckpoint[] | undefined> {
  const all = new Map<string, ListedCheckpoint>();
  for (let listing = 1; listing <= listingsMax; listing++) {
    const keys = (await listManifestKeys(objects, prefix)).filter((key) => !all.has(key));
    const fresh = await readManifests(objects, keys);
    for (const checkpoint of fresh) all.set(checkpoint.manifestKey, checkpoint);
    if (listing > 1 && fresh.length === keys.length) return [...all.values()];
  }
  return undefined;
}

async function listCandidates({ objects, keys, clock, graceMs }: GarbageParts): Promise<ListedObject[]> {
  const bornBeforeMs = clock.nowMs() - graceMs;
  const candidates: ListedObject[] = [];
  for await (const object of objects.list(keys.objectsPrefix)) {
    if (object.modifiedAtMs < bornBeforeMs) candidates.push(object);
  }
  return candidates;
}
