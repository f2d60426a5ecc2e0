import { mkdir, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError, type Log } from '@fleetstream/kernel';
import { type ObjectStore } from '@fleetstream/object-store';
import { syncPath } from '../durable-files.ts';
import { mapConcurrently } from '../map-concurrently.ts';
import { type AppliedPosition } from '../port.ts';
import { assertAbsent, destroyStateDir } from '../state-dir.ts';
import { toStateError } from '../state-error.ts';
import { type CheckpointKeys } from './checkpoint-keys.ts';
import { hashFile } from './file-hashes.ts';
import { listManifestKeys, readManifest } from './list-checkpoints.ts';
import {
  type CheckpointFile,
  type CheckpointManifest,
  type ListedCheckpoint,
  type RestoreOutcome,
  type SkippedCheckpoint,
  type SkipReason,
  type WantedCheckpoint,
} from './port.ts';

const downloadsAtOnce = 4;

export interface RestoreParts {
  readonly objects: ObjectStore;
  readonly keys: CheckpointKeys;
  readonly log: Log;
  readonly readPosition: (dir: string) => Promise<AppliedPosition>;
}

interface Skip {
  readonly reason: SkipReason;
  readonly detail: string;
}

/** Tries the newest checkpoint, then the one before it, and so on; what it skips it logs and returns. */
export async function restoreCheckpoint(
  parts: RestoreParts,
  partition: number,
  targetDir: string,
  wanted: WantedCheckpoint,
): Promise<RestoreOutcome> {
  await assertAbsent(targetDir);
  const skipped: SkippedCheckpoint[] = [];
  const unfinished = `${targetDir}.tmp`;
  for (const manifestKey of await listManifestKeys(parts.objects, parts.keys.manifests(partition))) {
    const listed = await readManifest(parts.objects, manifestKey);
    if (listed === undefined) continue;
    const skip = unfitness(listed, partition, wanted) ?? (await download(parts, listed, unfinished));
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
async function download(parts: RestoreParts, listed: ListedCheckpoint, unfinished: string): Promise<Skip | undefined> {
  if (listed.kind === 'unreadable') return undefined;
  try {
    await destroyStateDir(unfinished);
    await mkdir(unfinished, { recursive: true });
    const rest = listed.manifest.files.filter(({ name }) => name !== 'CURRENT');
    // CURRENT makes a folder a state: it comes when everything else is there.
    const last = listed.manifest.files.filter(({ name }) => name === 'CURRENT');
    const skips: Skip[] = [];
    const take = async (file: CheckpointFile): Promise<void> => {
      // One bad file is enough: the others aren't begun.
      if (skips.length > 0) return;
      const skip = await downloadFile(parts, unfinished, file);
      if (skip !== undefined) skips.push(skip);
    };
    await mapConcurrently(rest, downloadsAtOnce, take);
    await mapConcurrently(last, 1, take);
    const skip = skips[0] ?? (await checkPosition(parts, unfinished, listed.manifest));
    await syncPath(unfinished);
    return skip;
  } catch (thrown) {
    throw toStateError(thrown, `Can't restore into ${unfinished}`);
  }
}

async function downloadFile(parts: RestoreParts, dir: string, file: CheckpointFile): Promise<Skip | undefined> {
  const path = join(dir, file.name);
  if (!(await parts.objects.download(parts.keys.object(file.sha256), path))) {
    return { reason: 'object-missing', detail: `${file.name}: ${file.sha256}` };
  }
  const { size } = await stat(path);
  if (size !== file.sizeBytes) {
    return { reason: 'object-damaged', detail: `${file.name} has ${size} bytes, not ${file.sizeBytes}` };
  }
  const sha256 = await hashFile(path);
  if (sha256 !== file.sha256) {
    return { reason: 'object-damaged', detail: `${file.name} hashes to ${sha256}, not ${file.sha256}` };
  }
  await syncPath(path);
  return undefined;
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
