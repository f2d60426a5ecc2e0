import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mapConcurrently } from '../map-concurrently.ts';
import { toStateError } from '../state-error.ts';
import { downloadFile, type DownloadParts, toDownloadWatch } from './download-file.ts';
import { type CheckpointManifest, type RestoreWatch, type VerifiedCheckpoint } from './port.ts';

const downloadsAtOnce = 4;

/** Reads every object of a checkpoint, one after the other through a scratch folder. Changes nothing in the store. */
export async function verifyCheckpoint(
  parts: DownloadParts,
  { files }: CheckpointManifest,
  scratchDir: string,
  watch: RestoreWatch = {},
): Promise<VerifiedCheckpoint> {
  const watched = toDownloadWatch(files, watch);
  try {
    await mkdir(scratchDir, { recursive: true });
    const found = await mapConcurrently(files, downloadsAtOnce, async (file) => {
      const path = join(scratchDir, file.name);
      const skip = await downloadFile(parts, file, path, watched);
      await rm(path, { force: true });
      return skip === undefined ? [] : [{ name: file.name, ...skip }];
    });
    const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    return { fileCount: files.length, sizeBytes, damaged: found.flat() };
  } catch (thrown) {
    watch.signal?.throwIfAborted();
    throw toStateError(thrown, `Can't verify in ${scratchDir}`);
  } finally {
    await rm(scratchDir, { recursive: true, force: true });
  }
}
