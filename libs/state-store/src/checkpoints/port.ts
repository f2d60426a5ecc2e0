import { type AppliedPosition, type LocalCheckpoint } from '../port.ts';

/**
 * Checkpoints of all partitions in an object store, incremental by content: files are objects named by their hash,
 * uploaded once; a manifest names a checkpoint's files and is written last, so a checkpoint exists whole or not at all.
 *
 * Methods reject with `FS_CHECKPOINT_STORE_UNAVAILABLE` when the object store doesn't answer. A damaged checkpoint is
 * an expected outcome: it is skipped, and the answer says so.
 */
export interface CheckpointStore {
  /** Uploads what the store doesn't hold yet, then drops manifests of the partition beyond the retained number. */
  upload(partition: number, local: LocalCheckpoint, meta: CheckpointMeta): Promise<UploadedCheckpoint>;
  /** Newest (highest applied offset) first. Reads no file and verifies nothing but each manifest itself. */
  list(partition: number): Promise<ListedCheckpoint[]>;
  /**
   * Puts the newest usable checkpoint into `targetDir`, which must not exist: every file's size and hash verified, the
   * copy's own position compared with the manifest's, the folder renamed into place last.
   */
  restore(
    partition: number,
    targetDir: string,
    wanted: WantedCheckpoint,
    watch?: RestoreWatch,
  ): Promise<RestoreOutcome>;
  /**
   * Deletes the objects that no manifest names and that are older than the grace period. Deletes nothing while there
   * is a manifest that it can't read.
   */
  collectGarbage(): Promise<GarbageOutcome>;
}

/** What people ask of a checkpoint store, and no engine does. */
export interface CheckpointCatalogue extends CheckpointStore {
  /** The partitions that have manifests, in order. */
  partitions(): Promise<number[]>;
  /**
   * Reads every object of a checkpoint again and compares size and hash.
   *
   * @param scratchDir made here and removed again; takes as much room as a few of the files
   */
  verify(manifest: CheckpointManifest, scratchDir: string, watch?: RestoreWatch): Promise<VerifiedCheckpoint>;
}

/** What a checkpoint was made of; a restore asks for the same. */
export interface CheckpointMeta {
  readonly topic: string;
  readonly foldName: string;
  readonly stateVersion: number;
}

/** `stateVersion` is the highest that the fold can read. */
export interface WantedCheckpoint extends CheckpointMeta {
  /** The end of the log: a checkpoint past it belongs to another log of the same name. */
  readonly endOffset: number;
}

/** Follows a restore, and may slow it down or end it. */
export interface RestoreWatch {
  /** Of the checkpoint that is being read; one that is skipped begins the count anew. */
  readonly onProgress?: (progress: RestoreProgress) => void;
  /** Awaited with each piece that came; what it waits for is waited for. */
  readonly onBytes?: (sizeBytes: number) => Promise<void> | void;
  /** Files under way at once; who waits in `onBytes` takes 1, for others wait for the places that it holds. */
  readonly filesAtOnce?: number;
  /**
   * Don't wait until the files are on the disk: whoever opens the state gets them there beside its use, and refuses it as
   * damaged if the system ended before that. Left out, they are there when the restore ends.
   */
  readonly settleLater?: boolean;
  readonly signal?: AbortSignal;
}

export interface RestoreProgress {
  readonly restoredBytes: number;
  readonly totalBytes: number;
}

export interface VerifiedCheckpoint {
  readonly fileCount: number;
  readonly sizeBytes: number;
  /** Empty when every object is there and has the bytes that its hash says. */
  readonly damaged: readonly { readonly name: string; readonly reason: SkipReason; readonly detail: string }[];
}

export interface CheckpointFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface CheckpointManifest extends CheckpointMeta, AppliedPosition {
  readonly partition: number;
  readonly createdAtMs: number;
  /** `CURRENT` is the last. */
  readonly files: readonly CheckpointFile[];
}

export interface UploadedCheckpoint extends AppliedPosition {
  readonly manifestKey: string;
  readonly createdAtMs: number;
  readonly fileCount: number;
  readonly uploadedBytes: number;
  readonly reusedBytes: number;
}

export type ListedCheckpoint =
  | { readonly kind: 'readable'; readonly manifestKey: string; readonly manifest: CheckpointManifest }
  | { readonly kind: 'unreadable'; readonly manifestKey: string; readonly skip: SkipReason; readonly detail: string };

export type SkipReason =
  | 'manifest-damaged'
  | 'manifest-too-new'
  | 'object-missing'
  | 'object-damaged'
  | 'copy-unusable'
  | 'state-too-new'
  | 'other-fold'
  | 'other-log';

export interface SkippedCheckpoint {
  readonly manifestKey: string;
  readonly reason: SkipReason;
  readonly detail: string;
}

export interface RestoreOutcome {
  /** `undefined` when no checkpoint is usable: fold the log from its start. */
  readonly restored: { readonly manifestKey: string; readonly manifest: CheckpointManifest } | undefined;
  /** Newer than the restored one, newest first. */
  readonly skipped: readonly SkippedCheckpoint[];
}

export type GarbageOutcome =
  | { readonly kind: 'collected'; readonly deletedCount: number; readonly deletedBytes: number }
  | { readonly kind: 'refused'; readonly unreadableManifestKeys: readonly string[] };
