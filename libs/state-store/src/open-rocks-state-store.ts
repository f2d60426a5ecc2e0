import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError, type Log } from '@fleetstream/kernel';
import RocksDB from 'rocksdb-native';
import { type OpenStateStoreOptions, type StateStore } from './port.ts';
import { type RocksMemory } from './rocks-memory.ts';
import { RocksStateStore } from './rocks-state-store.ts';
import { destroyStateDir, stateDirExists } from './state-dir.ts';
import { toOpenError } from './state-error.ts';
import { orderTimers } from './order-timers.ts';
import { appliedKey, decodeApplied, indexKey, isOldFormat } from './state-keys.ts';
import { assertNotLost, readBootId, startSettling } from './unsettled-state.ts';
import { yieldCompactions } from './yield-compactions.ts';

export interface RocksStateStoreOptions extends OpenStateStoreOptions {
  /**
   * Size of one memtable; two are alive while one is flushed, and the write-ahead log takes 1.1 times as much disk.
   * Every open partition has its own: divide the process's budget. Beside it comes the index of the tables, of about two
   * bytes for each key; no blocks are kept.
   */
  readonly memtableBytes: number;
  /** Told of the database while it is open, to count its memory with that of others. */
  readonly memory?: RocksMemory;
  readonly log: Log;
}

const memtablesMax = 2;
const backgroundJobsMax = 2;
const openFilesMax = 512;
/**
 * States lie in files of their own beside the tables, so that a compaction rewrites keys and leaves most states where
 * they are: a checkpoint uploads what it rewrote. A compaction moves what lives out of the oldest tenth of them, however
 * little of it is garbage, which is what few changes pay for; where many changes make garbage faster than that, tables
 * are compacted for its sake. On the disk states take up to two and a half times their room, see ADR 24.
 */
const blobs = {
  enableBlobFiles: true,
  minBlobSize: 128,
  blobFileSize: 8 * 1024 * 1024,
  blobGarbageCollectionAgeCutOff: 0.1,
  blobGarbageCollectionForceThreshold: 0.75,
} as const;

/**
 * No block cache: the binding's is 32 MiB for each partition, whatever is asked for, and blocks of files that are gone
 * stay in it until it is full, an hour and more after the start. States lie beside the tables and were never in it. A
 * small block is what a read of the system's page cache then costs; indexes and filters stay with the open tables.
 */
const tables = { blockCache: false, tableCacheIndexAndFilterBlocks: false, tableBlockSize: 2048 } as const;

/**
 * Opens the state of a partition in RocksDB, in a folder that nobody else has open.
 *
 * @throws AppError `FS_STATE_TOO_NEW` when a later release wrote it, `FS_STATE_DAMAGED` when it can't be read (also
 * when it is missing and `ifMissing` is `fail`), `FS_STATE_UNAVAILABLE` when another process holds it or the disk fails.
 */
export async function openRocksStateStore(options: RocksStateStoreOptions): Promise<StateStore> {
  const { dir, ifMissing, memtableBytes, memory, log } = options;
  const exists = await stateDirExists(dir);
  // Asked here and not of RocksDB, which would make the folder before it refuses.
  if (!exists && ifMissing === 'fail') throw new AppError('FS_STATE_DAMAGED', `There is no state in ${dir}`);
  if (exists) await lookForMarks(dir);
  else await makeRoom(dir);
  const db = new RocksDB(dir, {
    createIfMissing: !exists,
    writeBufferSize: memtableBytes,
    maxWriteBufferNumber: memtablesMax,
    maxBackgroundJobs: backgroundJobsMax,
    maxOpenFiles: openFilesMax,
    ...blobs,
    ...tables,
  });
  try {
    await db.ready();
  } catch (thrown) {
    throw toOpenError(thrown, dir);
  }
  await yieldCompactions(log);
  try {
    const applied = await db.get(appliedKey);
    const position = decodeApplied(applied, dir);
    if (isOldFormat(applied)) await orderTimers(db, position, log);
    const indexVersion = (await db.get(indexKey))?.[0] ?? 0;
    const settling = startSettling(dir, log);
    const unwatch = memory?.watch(db);
    return new RocksStateStore({ db, dir, log, position, indexVersion, settling, unwatch });
  } catch (thrown) {
    await db.close();
    throw toOpenError(thrown, dir);
  }
}

async function lookForMarks(dir: string): Promise<void> {
  try {
    await assertNotLost(dir, await readBootId());
  } catch (thrown) {
    throw toOpenError(thrown, dir);
  }
}

/** What a creation that was cut off left behind goes: RocksDB would take over its files one by one. */
async function makeRoom(dir: string): Promise<void> {
  await destroyStateDir(dir);
  try {
    await mkdir(dirname(dir), { recursive: true });
  } catch (thrown) {
    throw toOpenError(thrown, dir);
  }
}
