import { join } from 'node:path';
import { AppError, type Clock, type Log, toMessage } from '@fleetstream/kernel';
import { type ObjectStore } from '@fleetstream/object-store';
import { mapConcurrently } from '../map-concurrently.ts';
import { type LocalCheckpoint } from '../port.ts';
import { toStateError } from '../state-error.ts';
import { type CheckpointKeys } from './checkpoint-keys.ts';
import { type FileHashes } from './file-hashes.ts';
import { listManifestKeys, readManifests } from './list-checkpoints.ts';
import { formatManifestText } from './manifest-text.ts';
import { type CheckpointFile, type CheckpointManifest, type CheckpointMeta, type UploadedCheckpoint } from './port.ts';

const uploadsAtOnce = 4;
/** Older ones name little that a newer one doesn't. */
const manifestsReadMax = 3;

export interface UploadParts {
  readonly objects: ObjectStore;
  readonly keys: CheckpointKeys;
  readonly hashes: FileHashes;
  readonly log: Log;
  readonly clock: Clock;
  readonly retain: number;
}

/** Files first, the manifest last: cut off anywhere, there is one checkpoint less and some objects to collect. */
export async function uploadCheckpoint(
  parts: UploadParts,
  partition: number,
  local: LocalCheckpoint,
  meta: CheckpointMeta,
): Promise<UploadedCheckpoint> {
  const { objects, keys, clock } = parts;
  const older = await listManifestKeys(objects, keys.manifests(partition));
  const reusable = await readReusableHashes(parts, older);
  let uploadedBytes = 0;
  let reusedBytes = 0;
  const files = await mapConcurrently(local.files, uploadsAtOnce, async ({ name, sizeBytes }) => {
    const file = join(local.dir, name);
    const sha256 = await hashOf(parts.hashes, file);
    const key = keys.object(sha256);
    // Asked even so: an object that was lost or cut short would spoil every checkpoint from now on.
    if (reusable.has(sha256) && (await objects.head(key))?.sizeBytes === sizeBytes) {
      reusedBytes += sizeBytes;
    } else {
      await objects.put(key, { file });
      uploadedBytes += sizeBytes;
    }
    return { name, sizeBytes, sha256 } satisfies CheckpointFile;
  });
  const createdAtMs = clock.nowMs();
  const { appliedOffset, logTimeMs } = local;
  const { topic, foldName, stateVersion } = meta;
  const position = { appliedOffset, logTimeMs, createdAtMs };
  const manifest: CheckpointManifest = { partition, topic, foldName, stateVersion, ...position, files };
  const manifestKey = keys.manifest(partition, appliedOffset, createdAtMs);
  await objects.put(manifestKey, Buffer.from(formatManifestText(manifest)));
  await dropBeyondRetained(parts, manifestKey, older);
  return { manifestKey, ...position, fileCount: files.length, uploadedBytes, reusedBytes };
}

/**
 * Only what a manifest of this partition names is reused: nobody but this upload drops one, and only after its own
 * manifest names the same objects, so nothing collects them in between. An object that merely exists may be garbage on
 * its way out; putting it again renews its age.
 */
async function readReusableHashes(parts: UploadParts, older: readonly string[]): Promise<ReadonlySet<string>> {
  const hashes = new Set<string>();
  for (const checkpoint of await readManifests(parts.objects, older.slice(0, manifestsReadMax))) {
    if (checkpoint.kind === 'readable') {
      for (const { sha256 } of checkpoint.manifest.files) hashes.add(sha256);
    } else {
      parts.log.warn(checkpoint, 'a checkpoint is unreadable: its files go up again');
    }
  }
  return hashes;
}

/** The retained number counts the new one, wherever its offset puts it: the manifests of another log may lie above. */
async function dropBeyondRetained(parts: UploadParts, uploaded: string, older: readonly string[]): Promise<void> {
  const others = older.filter((key) => key !== uploaded);
  for (const key of others.slice(Math.max(parts.retain, 1) - 1)) {
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
