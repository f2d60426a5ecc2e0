/**
 * A flat store of immutable objects: S3, or a folder that behaves like it. Keys are `/`-separated paths (see
 * `assertObjectKey`); no key is a folder of another. Writes are atomic: a reader sees a whole object or none, and what
 * was acknowledged is durable.
 *
 * Every method rejects with `AppError('FS_CHECKPOINT_STORE_UNAVAILABLE')` when the store doesn't answer, and with
 * `FS_INTERNAL` for a key that isn't one.
 */
export interface ObjectStore {
  /** Overwrites, and renews `modifiedAtMs` even when the bytes are the same. */
  put(key: string, body: ObjectBody): Promise<void>;
  /** For small objects: rejects with `FS_INTERNAL` above `getSizeBytesMax`. `undefined` when there is no such object. */
  get(key: string): Promise<Buffer | undefined>;
  /**
   * Streams the object into a new file, and hashes it on the way. `undefined` when there is no such object, and then
   * there is no file either. The file survives a power loss only once the caller has synced it.
   */
  download(key: string, file: string, watch?: DownloadWatch): Promise<DownloadedObject | undefined>;
  /** Its size in bytes; `undefined` when there is no such object. */
  head(key: string): Promise<ObjectHead | undefined>;
  /** Keys that start with `prefix`, in the order of their bytes. Any text may be the prefix, also half a name. */
  list(prefix: string): AsyncIterable<ListedObject>;
  /** Deleting what isn't there is no error. */
  delete(key: string): Promise<void>;
}

export type ObjectBody = Buffer | { readonly file: string };

/** Follows a download, and may slow it down or end it. */
export interface DownloadWatch {
  /** Awaited with the size of each piece before the next is read; pieces of an attempt that failed count too. */
  readonly onBytes?: (sizeBytes: number) => Promise<void> | void;
  /** Aborted, the download rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** What was written into the file. */
export interface DownloadedObject {
  readonly sizeBytes: number;
  /** In hex. */
  readonly sha256: string;
}

export interface ObjectHead {
  readonly sizeBytes: number;
  /** The store's clock. */
  readonly modifiedAtMs: number;
}

export interface ListedObject extends ObjectHead {
  readonly key: string;
}

/** What `get` reads into memory at most. */
export const getSizeBytesMax = 16 * 1024 * 1024;
