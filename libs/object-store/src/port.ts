/**
 * A flat store of immutable objects: S3, or a folder that behaves like it. Keys are `/`-separated paths of
 * `A-Z a-z 0-9 . _ -`. Writes are atomic: a reader sees a whole object or none.
 *
 * Every method rejects with `AppError('FS_CHECKPOINT_STORE_UNAVAILABLE')` when the store doesn't answer.
 */
export interface ObjectStore {
  /** Overwrites. */
  put(key: string, body: ObjectBody): Promise<void>;
  /** `undefined` when there is no such object. */
  get(key: string): Promise<Buffer | undefined>;
  /** Streams the object into a new file; `false` when there is no such object. */
  download(key: string, file: string): Promise<boolean>;
  /** Its size in bytes; `undefined` when there is no such object. */
  head(key: string): Promise<{ readonly sizeBytes: number; readonly modifiedAtMs: number } | undefined>;
  /** Keys that start with `prefix`, in order. */
  list(
    prefix: string,
  ): AsyncIterable<{ readonly key: string; readonly sizeBytes: number; readonly modifiedAtMs: number }>;
  /** Deleting what isn't there is no error. */
  delete(key: string): Promise<void>;
}

export type ObjectBody = Buffer | { readonly file: string };
