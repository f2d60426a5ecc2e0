import { type Clock, type Log } from '@fleetstream/kernel';
import { type ObjectStore } from '@fleetstream/object-store';
import { type AppliedPosition } from '../port.ts';
import { readAppliedPosition } from '../read-applied-position.ts';
import { createCheckpointKeys } from './checkpoint-keys.ts';
import { collectGarbage } from './collect-garbage.ts';
import { createFileHashes } from './file-hashes.ts';
import { listManifestKeys, readManifests } from './list-checkpoints.ts';
import { type CheckpointCatalogue } from './port.ts';
import { restoreCheckpoint } from './restore-checkpoint.ts';
import { type RetryWaits, uploadWaits } from './retry-unavailable.ts';
import { createTransferSlots } from './transfer-slots.ts';
import { uploadCheckpoint } from './upload-checkpoint.ts';
import { verifyCheckpoint } from './verify-checkpoint.ts';

export interface CheckpointStoreOptions {
  readonly objects: ObjectStore;
  /** Names the log that the states were folded from, also apart from another cluster's: `<cluster>/<topic>`. */
  readonly prefix: string;
  readonly log: Log;
  readonly clock: Clock;
  /** How many manifests of a partition are kept; at least 1. */
  readonly retain: number;
  /**
   * An object younger than this is never collected, for its manifest may be on its way: longer than any upload takes,
   * and than the clocks of store and processes differ.
   */
  readonly graceMs: number;
  /** How a restored copy tells its position; only a fake of the state store needs another way. */
  readonly readPosition?: (dir: string) => Promise<AppliedPosition>;
  /** Between tries of an object that the store didn't take; only tests need others. */
  readonly uploadWaits?: RetryWaits;
}

/** Over all partitions of a process: enough to fill a link, few enough for the store and for memory (1 MiB each). */
const transfersAtOnce = 8;

/** See `CheckpointStore` and `CheckpointCatalogue`. Layout below the prefix: `objects/<sha256>`, `manifests/<partition>/<offset>-<time>.json`. */
export function createCheckpointStore(options: CheckpointStoreOptions): CheckpointCatalogue {
  const { objects, log, clock, retain, graceMs, readPosition = readAppliedPosition } = options;
  const keys = createCheckpointKeys(options.prefix);
  const hashes = createFileHashes();
  const slots = createTransferSlots(transfersAtOnce);
  const waits = options.uploadWaits ?? uploadWaits;
  return {
    upload: (partition, local, meta) =>
      uploadCheckpoint({ objects, keys, hashes, log, clock, retain, graceMs, slots, waits }, partition, local, meta),
    list: async (partition) => readManifests(objects, await listManifestKeys(objects, keys.manifests(partition))),
    restore: (partition, targetDir, wanted, watch) =>
      restoreCheckpoint({ objects, keys, log, slots, readPosition }, partition, targetDir, wanted, watch),
    partitions: async () => {
      const found = (await listManifestKeys(objects, keys.manifestsPrefix)).map((key) => keys.partitionOf(key));
      return [...new Set(found.filter((partition) => partition !== undefined))].sort((a, b) => a - b);
    },
    verify: (manifest, scratchDir, watch) => verifyCheckpoint({ objects, keys, slots }, manifest, scratchDir, watch),
    collectGarbage: () => collectGarbage({ objects, keys, log, clock, graceMs }),
  };
}
