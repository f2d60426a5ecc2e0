/**
 * What this lib uses of rocksdb-native 3.18, which carries no types of its own. Keys and values are always buffers
 * here: the encodings that it also takes would make one more way to read the same bytes differently.
 */
declare module 'rocksdb-native' {
  export interface RocksOptions {
    readOnly?: boolean;
    createIfMissing?: boolean;
    /** Size of one memtable in bytes. */
    writeBufferSize?: number;
    maxWriteBufferNumber?: number;
    maxBackgroundJobs?: number;
    maxOpenFiles?: number;
    skipStatsUpdateOnOpen?: boolean;
    enableBlobFiles?: boolean;
    /** Values of at least so many bytes go to blob files. */
    minBlobSize?: number;
    blobFileSize?: number;
    /** A compaction moves what is still of use out of this share of the blob files, the oldest. */
    blobGarbageCollectionAgeCutOff?: number;
    /** With at least this share of garbage in those files, tables are compacted only to move out of them. */
    blobGarbageCollectionForceThreshold?: number;
    /** Left out, it is there: 32 MiB for each database, a size that can't be chosen. */
    blockCache?: boolean;
    /** In the block cache, or with the open tables; without that cache it must be false. */
    tableCacheIndexAndFilterBlocks?: boolean;
    /** Of a table's blocks, in bytes. */
    tableBlockSize?: number;
  }

  export interface RocksRange {
    gte: Buffer;
    lt: Buffer;
  }

  export interface RocksEntry {
    key: Buffer;
    value: Buffer;
  }

  /** A streamx stream: one that is never finished or destroyed keeps `close` waiting. */
  export interface RocksIterator {
    /** Of what was read ahead; `null` when there is none, or the stream has ended. */
    read(): RocksEntry | null;
    /** `close` comes last, after `end` or `error`, or alone when it was destroyed without an error. */
    on(event: 'readable' | 'end' | 'close', listener: () => void): void;
    on(event: 'error', listener: (error: Error) => void): void;
    destroy(error?: Error): void;
  }

  export interface RocksReadBatch {
    get(key: Buffer): Promise<Buffer | null>;
    flush(): Promise<void>;
  }

  export interface RocksWriteBatch {
    tryPut(key: Buffer, value: Buffer): void;
    tryDelete(key: Buffer): void;
    /** From `start` on, up to but without `end`. */
    tryDeleteRange(start: Buffer, end: Buffer): void;
    flush(): Promise<void>;
  }

  export default class RocksDB {
    constructor(path: string, options?: RocksOptions);
    /** Opens; an error's `code` is a libuv name (`EINVAL` not found or damaged, `EIO`, `ENOSPC`). */
    ready(): Promise<void>;
    /** On a snapshot session it releases the snapshot, on the database it first closes every session. */
    close(): Promise<void>;
    /** A session whose reads see the moment of this call. */
    snapshot(): RocksDB;
    read(options: { capacity: number; autoDestroy: true }): RocksReadBatch;
    write(options: { capacity: number; autoDestroy: true }): RocksWriteBatch;
    /** `capacity` entries are read at a time. */
    iterator(range: RocksRange, options: { capacity: number }): RocksIterator;
    get(key: Buffer): Promise<Buffer | null>;
    /** Memtable to table file; resolves when the MANIFEST names it. */
    flush(): Promise<void>;
    /** A figure in decimal digits, for properties that have one; `undefined` for one that it doesn't know. */
    getProperty(name: string): Promise<string | undefined>;
  }
}
