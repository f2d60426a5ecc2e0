import { type DownloadWatch, type ObjectStore } from '@fleetstream/object-store';
import { type CheckpointKeys } from './checkpoint-keys.ts';
import { type CheckpointFile, type RestoreWatch, type SkipReason } from './port.ts';
import { type TransferSlots } from './transfer-slots.ts';

export interface DownloadParts {
  readonly objects: ObjectStore;
  readonly keys: CheckpointKeys;
  readonly slots: TransferSlots;
}

/** What is wrong with a checkpoint, or with one of its objects. */
export interface Skip {
  readonly reason: SkipReason;
  readonly detail: string;
}

/** Downloads an object and compares its size and its hash; an answer says what is wrong with it. */
export async function downloadFile(
  { objects, keys, slots }: DownloadParts,
  file: CheckpointFile,
  path: string,
  watch: DownloadWatch,
): Promise<Skip | undefined> {
  const got = await slots.run(() => objects.download(keys.object(file.sha256), path, watch));
  if (got === undefined) return { reason: 'object-missing', detail: `${file.name}: ${file.sha256}` };
  if (got.sizeBytes !== file.sizeBytes) {
    return { reason: 'object-damaged', detail: `${file.name} has ${got.sizeBytes} bytes, not ${file.sizeBytes}` };
  }
  if (got.sha256 === file.sha256) return undefined;
  return { reason: 'object-damaged', detail: `${file.name} hashes to ${got.sha256}, not ${file.sha256}` };
}

/** Adds up what comes over the files of one checkpoint. */
export function toDownloadWatch(
  files: readonly CheckpointFile[],
  { onProgress, onBytes, signal }: RestoreWatch,
): DownloadWatch {
  const totalBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let restoredBytes = 0;
  onProgress?.({ restoredBytes, totalBytes });
  return {
    onBytes: async (sizeBytes) => {
      restoredBytes = Math.min(restoredBytes + sizeBytes, totalBytes);
      onProgress?.({ restoredBytes, totalBytes });
      await onBytes?.(sizeBytes);
    },
    ...(signal === undefined ? {} : { signal }),
  };
}
