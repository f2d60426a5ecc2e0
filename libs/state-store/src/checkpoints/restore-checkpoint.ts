import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError, type Log } from '@fleetstream/kernel';
import { type ObjectStore } from '@fleetstream/object-store';
import { syncPath } from '../durable-files.ts';
import { mapConcurrently } from '../map-concurrently.ts';
import { type AppliedPosition } from '../port.ts';
import { assertAbsent, destroyStateDir } from '../state-dir.ts';
import { toStateError } from '../state-error.ts';
import { markUnsettled, readBootId } from '../unsettled-state.ts';
import { type CheckpointKeys } from './checkpoint-keys.ts';
import { downloadFile, type Skip, toDownloadWatch } from './download-file.ts';
import { listManifestKeys, readManifest } from './list-checkpoints.ts';
import {
  type CheckpointFile,
  type CheckpointManifest,
  type ListedCheckpoint,
  type RestoreOutcome,
  type RestoreWatch,
  type SkippedCheckpoint,
  type WantedCheckpoint,
} from './port.ts';
import { type TransferSlots } from './transfer-slots.ts';

const downloadsAtOnce = 6;

export interface RestoreParts {
  readonly objects: ObjectStore;
  readonly keys: CheckpointKeys;
  readonly log: Log;
  readonly slots: TransferSlots;
  readonly readPosition: (dir: string) => Promise<AppliedPosition>;
}

/** Tries the newest checkpoint, then the one before it, and so on; what it skips it logs and returns. */
export async function restoreCheckpoint(
  parts: RestoreParts,
  partition: number,
  targetDir: string,
  wanted: WantedCheckpoint,
  watch: RestoreWatch = {},
): Promise<RestoreOutcome> {
  await assertAbsent(targetDir);
  const skipped: SkippedCheckpoint[] = [];
  const unfinished = `${targetDir}.tmp`;
  for (const manifestKey of await listManifestKeys(parts.objects, parts.keys.manifests(partition))) {
    const listed = await readManifest(parts.objects, manifestKey);
    if (listed === undefined) continue;
    const skip =
      unfitness(listed, partition, wanted) ??
      (await download(parts, listed, unfinished, watch)) ??
      misplacement(parts.keys, listed);
    if (skip === undefined && listed.kind === 'readable') {
      await movedIntoPlace(unfinished, targetDir);
      return { restored: { manifestKey, manifest: listed.manifest }, skipped };
    }
    if (skip !== undefined) {
      skipped.push({ manifestKey, ...skip });
      parts.log.warn({ partition, manifestKey, ...skip }, 'a checkpoint was skipped');
    }
  }
  await destroyStateDir(unfinished);
  return { restored: undefined, skipped };
}

/** What lies under its key is whole, but another checkpoint's: an older version of the object, or a copy. */
function misplacement(keys: CheckpointKeys, listed: ListedCheckpoint): Skip | undefined {
  if (listed.kind === 'unreadable') return undefined;
  const { partition, appliedOffset, createdAtMs } = listed.manifest;
  const own = keys.manifest(partition, appliedOffset, createdAtMs);
  return own === listed.manifestKey ? undefined : { reason: 'manifest-damaged', detail: `is that of ${own}` };
}

/** Why a checkpoint isn't even tried. */
function unfitness(listed: ListedCheckpoint, partition: number, wanted: WantedCheckpoint): Skip | undefined {
  if (listed.kind === 'unreadable') return { reason: listed.skip, detail: listed.detail };
  const { manifest } = listed;
  if (manifest.partition !== partition || manifest.topic !== wanted.topic) {
    return { reason: 'other-log', detail: `of ${manifest.topic}/${manifest.partition}` };
  }
  if (manifest.appliedOffset > wanted.endOffset) {
    return { reason: 'other-log', detail: `stands at ${manifest.appliedOffset}, the log ends at ${wanted.endOffset}` };
  }
  if (manifest.foldName !== wanted.foldName) return { reason: 'other-fold', detail: `of ${manifest.foldName}` };
  if (manifest.stateVersion > wanted.stateVersion) {
    return { reason: 'state-too-new', detail: `has version ${manifest.stateVersion}, readable ${wanted.stateVersion}` };
  }
  return undefined;
}

/** Fills `unfinished` with the verified files; an answer says what is wrong with the checkpoint. */
async function download(
  parts: RestoreParts,
  listed: ListedCheckpoint,
  unfinished: string,
  watch: RestoreWatch,
): Promise<Skip | undefined> {
  if (listed.kind === 'unreadable') return undefined;
  const { files } = listed.manifest;
  try {
    await destroyStateDir(unfinished);
    await mkdir(unfinished, { recursive: true });
    const isUnsettled = watch.settleLater === true && (await markUnsettled(unfinished, await readBootId()));
    // CURRENT makes a folder a state: it comes when everything else is there.
    const last = files.filter(({ name }) => name === 'CURRENT');
    // The largest first: one that came last would be waited for alone.
    const rest = files.filter(({ name }) => name !== 'CURRENT').sort((a, b) => b.sizeBytes - a.sizeBytes);
    const watched = toDownloadWatch(files, watch);
    const skips: Skip[] = [];
    const take = async (file: CheckpointFile): Promise<void> => {
      // One bad file is enough: the others aren't begun.
      if (skips.length > 0) return;
      const path = join(unfinished, file.name);
      const skip = await downloadFile(parts, file, path, watched);
      if (skip !== undefined) skips.push(skip);
      else if (!isUnsettled) await syncPath(path);
    };
    await mapConcurrently(rest, watch.filesAtOnce ?? downloadsAtOnce, take);
    await mapConcurrently(last, 1, take);
    const skip = skips[0] ?? (await checkPosition(parts, unfinished, listed.manifest));
    if (!isUnsettled) await syncPath(unfinished);
    return skip;
  } catch (thrown) {
    if (watch.signal?.aborted === true) await destroyStateDir(unfinished);
    watch.signal?.throwIfAborted();
    throw toStateError(thrown, `Can't restore into ${unfinished}`);
  }
}

/** The offset inside the copy is the truth; a manifest that says another one was made by a defect. */
async function checkPosition(
  parts: RestoreParts,
  dir: string,
  manifest: CheckpointManifest,
): Promise<Skip | undefined> {
  try {
    const { appliedOffset, logTimeMs } = await parts.readPosition(dir);
    if (appliedOffset === manifest.appliedOffset && logTimeMs === manifest.logTimeMs) return undefined;
    return { reason: 'copy-unusable', detail: `stands at ${appliedOffset}, its manifest at ${manifest.appliedOffset}` };
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    if (thrown.code === 'FS_STATE_TOO_NEW') return { reason: 'state-too-new', detail: thrown.message };
    if (thrown.code === 'FS_STATE_DAMAGED') return { reason: 'copy-unusable', detail: thrown.message };
    throw thrown;
  }
}

async function movedIntoPlace(unfinished: string, targetDir: string): Promise<void> {
  try {
    // Fails when the target exists and holds anything.
    await rename(unfinished, targetDir);
    await syncPath(dirname(targetDir));
  } catch (thrown) {
    throw toStateError(thrown, `Can't move ${unfinished} into place`);
  }
}
