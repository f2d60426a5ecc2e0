import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, type Clock, type Log, toMessage } from '@fleetstream/kernel';
import { type ObjectStore } from '@fleetstream/object-store';
import { mapConcurrently } from '../map-concurrently.ts';
import { type LocalCheckpoint } from '../port.ts';
import { toStateError } from '../state-error.ts';
import { type CheckpointKeys } from './checkpoint-keys.ts';
import { type FileHashes } from './file-hashes.ts';
import { listManifestKeys, readManifests } from './list-checkpoints.ts';
import { formatManifestText } from './manifest-text.ts';
import {
  type CheckpointFile,
  type CheckpointManifest,
  type CheckpointMeta,
  type ListedCheckpoint,
  type UploadedCheckpoint,
} from './port.ts';
import { retryUnavailable, type RetryWaits } from './retry-unavailable.ts';
import { type TransferSlots } from './transfer-slots.ts';

/** Each keeps a thread of libuv's four busy, on which states are read and written, too. */
const uploadsAtOnce = 2;
/** After a file the place rests for as long as the file took, but no longer: a burst is what batches would wait for. */
const restMsMax = 50;
/** Older ones name little that a newer one doesn't. */
const manifestsReused = 3;
/** Of the grace period, from the begin of an upload to its manifest. */
const graceShare = 0.9;
/** Beyond the retained number, for those among them that are damaged. */
const manifestsReadMore = 2;

export interface UploadParts {
  readonly objects: ObjectStore;
  readonly keys: CheckpointKeys;
  readonly hashes: FileHashes;
  readonly log: Log;
  readonly clock: Clock;
  readonly retain: number;
  /** That of the collection of garbage. */
  readonly graceMs: number;
  readonly slots: TransferSlots;
  readonly waits: RetryWaits;
}

/** Files first, the manifest last: cut off anywhere, there is one checkpoint less and some objects to collect. */
export async function uploadCheckpoint(
  parts: UploadParts,
  partition: number,
  local: LocalCheckpoint,
  meta: CheckpointMeta,
): Promise<UploadedCheckpoint> {
  const { objects, keys, clock } = parts;
  const startedMs = clock.nowMs();
  const older = await listManifestKeys(objects, keys.manifests(partition));
  const known = await readKnown(parts, older);
  const reusable = hashesOf([...known.values()].slice(0, manifestsReused));
  let uploadedBytes = 0;
  let reusedBytes = 0;
  const files = await mapConcurrently(local.files, uploadsAtOnce, async ({ name, sizeBytes }) => {
    const file = join(local.dir, name);
    const fileStartMs = performance.now();
    const sha256 = await hashOf(parts.hashes, file);
    const place = { key: keys.object(sha256), sizeBytes };
    const reused = reusable.has(sha256) && (await isThere(parts, place));
    if (!reused) await uploadFile(parts, place, file);
    if (reused) reusedBytes += sizeBytes;
    else uploadedBytes += sizeBytes;
    if (!reused) await delay(Math.min(performance.now() - fileStartMs, restMsMax));
    return { name, sizeBytes, sha256 } satisfies CheckpointFile;
  });
  const createdAtMs = clock.nowMs();
  const lateAlready = findLateness(parts, startedMs);
  if (lateAlready !== undefined) throw lateAlready;
  const { appliedOffset, logTimeMs } = local;
  const { topic, foldName, stateVersion } = meta;
  const position = { appliedOffset, logTimeMs, createdAtMs };
  const manifest: CheckpointManifest = { partition, topic, foldName, stateVersion, ...position, files };
  const manifestKey = keys.manifest(partition, appliedOffset, createdAtMs);
  const text = Buffer.from(formatManifestText(manifest));
  await retryUnavailable(manifestKey, () => objects.put(manifestKey, text), parts);
  const lateNow = findLateness(parts, startedMs);
  if (lateNow !== undefined) {
    await retryUnavailable(manifestKey, () => objects.delete(manifestKey), parts);
    throw lateNow;
  }
  await dropBeyondRetained(parts, manifestKey, older, known);
  return { manifestKey, ...position, fileCount: files.length, uploadedBytes, reusedBytes };
}

/**
 * A process that was stopped, or its machine asleep, may come back when what it has put is old enough to be garbage: a
 * checkpoint of that might lack some of it. The next upload puts everything anew.
 */
function findLateness({ clock, graceMs }: UploadParts, startedMs: number): AppError | undefined {
  const tookMs = clock.nowMs() - startedMs;
  if (tookMs <= graceMs * graceShare) return undefined;
  const detail = `the upload took ${tookMs} ms, and what no checkpoint names is garbage after ${graceMs} ms`;
  return new AppError('FS_CHECKPOINT_STORE_UNAVAILABLE', detail);
}

interface ObjectPlace {
  readonly key: string;
  readonly sizeBytes: number;
}

/** Asked of what was uploaded before too: an object that was lost or cut short would spoil every later checkpoint. */
async function isThere({ objects, slots, ...parts }: UploadParts, { key, sizeBytes }: ObjectPlace): Promise<boolean> {
  const head = await slots.run(() => retryUnavailable(key, () => objects.head(key), parts));
  return head?.sizeBytes === sizeBytes;
}

async function uploadFile(parts: UploadParts, place: ObjectPlace, file: string): Promise<void> {
  const { objects, slots } = parts;
  const put = async (): Promise<void> => {
    await objects.put(place.key, { file });
    const head = await objects.head(place.key);
    if (head?.sizeBytes === place.sizeBytes) return;
    throw new AppError(
      'FS_CHECKPOINT_STORE_UNAVAILABLE',
      `${place.key} was taken, but has ${head?.sizeBytes ?? 'no'} bytes and not ${place.sizeBytes}`,
    );
  };
  await slots.run(() => retryUnavailable(place.key, put, parts));
}

/** The newest manifests, by key. One that is damaged is no checkpoint, so it doesn't count among those retained. */
async function readKnown(parts: UploadParts, older: readonly string[]): Promise<ReadonlyMap<string, ListedCheckpoint>> {
  const newest = older.slice(0, Math.max(parts.retain + manifestsReadMore, manifestsReused));
  const listed = await retryUnavailable('manifests', () => readManifests(parts.objects, newest), parts);
  for (const checkpoint of listed) {
    if (checkpoint.kind === 'unreadable')
      parts.log.warn(checkpoint, 'a checkpoint is unreadable: its files go up again');
  }
  return new Map(listed.map((checkpoint) => [checkpoint.manifestKey, checkpoint]));
}

/**
 * Only what a manifest of this partition names is reused: nobody but this upload drops one, and only after its own
 * manifest names the same objects, so nothing collects them in between. An object that merely exists may be garbage on
 * its way out; putting it again renews its age.
 */
function hashesOf(listed: readonly ListedCheckpoint[]): ReadonlySet<string> {
  const readable = listed.flatMap((one) => (one.kind === 'readable' ? one.manifest.files : []));
  return new Set(readable.map(({ sha256 }) => sha256));
}

/**
 * The retained number counts the new one, wherever its offset puts it (the manifests of another log may lie above), and
 * only those that can be read: with damaged ones among them older ones stay, too.
 */
async function dropBeyondRetained(
  parts: UploadParts,
  uploaded: string,
  older: readonly string[],
  known: ReadonlyMap<string, ListedCheckpoint>,
): Promise<void> {
  let readable = 1;
  for (const key of older.filter((one) => one !== uploaded)) {
    if (readable < parts.retain) {
      if (known.get(key)?.kind === 'readable') readable += 1;
      continue;
    }
    try {
      await parts.objects.delete(key);
    } catch (thrown) {
      // The checkpoint itself is complete; the next upload drops what stayed.
      parts.log.warn({ manifestKey: key, reason: toMessage(thrown) }, 'an old checkpoint could not be dropped');
    }
  }
}

async function hashOf(hashes: FileHashes, file: string): Promise<string> {
  try {
    return await hashes.hash(file);
  } catch (thrown) {
    throw thrown instanceof AppError ? thrown : toStateError(thrown, `Can't read ${file}`);
  }
}
