import { type Log, toMessage } from '@fleetstream/kernel';
import type RocksDB from 'rocksdb-native';

/** What RocksDB has of memory for the states that are open, in bytes. */
export interface RocksMemoryFigures {
  /** Blocks of tables, of files that are gone as well until the cache is full; the pinned ones included. */
  readonly blockCacheBytes: number;
  /** Of these, what can't be dropped: indexes and filters of open tables, and blocks that are being read. */
  readonly pinnedBytes: number;
  /** Being filled, being written, and written but still read from. */
  readonly memtableBytes: number;
  /** Of open tables, beside what is in the block cache. */
  readonly tableReaderBytes: number;
}

/** Adds up what the states opened with it have of memory. */
export interface RocksMemory {
  /** @returns what forgets it; to be called before the database is closed */
  watch(db: RocksDB): () => void;
  /** Never rejects: a database that can't tell is left out. */
  read(): Promise<RocksMemoryFigures>;
}

const properties = {
  blockCacheBytes: 'rocksdb.block-cache-usage',
  pinnedBytes: 'rocksdb.block-cache-pinned-usage',
  memtableBytes: 'rocksdb.size-all-mem-tables',
  tableReaderBytes: 'rocksdb.estimate-table-readers-mem',
} as const satisfies Record<keyof RocksMemoryFigures, string>;

/** One for each process, given to every `openRocksStateStore` whose memory counts. */
export function createRocksMemory(log: Log): RocksMemory {
  const watched = new Set<RocksDB>();
  const sumOf = async (figure: keyof RocksMemoryFigures): Promise<number> => {
    const told = await Promise.all([...watched].map((db) => readProperty(db, properties[figure], log)));
    return told.reduce((sum, bytes) => sum + bytes, 0);
  };
  return {
    watch: (db) => {
      watched.add(db);
      return () => {
        watched.delete(db);
      };
    },
    read: async () => ({
      blockCacheBytes: await sumOf('blockCacheBytes'),
      pinnedBytes: await sumOf('pinnedBytes'),
      memtableBytes: await sumOf('memtableBytes'),
      tableReaderBytes: await sumOf('tableReaderBytes'),
    }),
  };
}

async function readProperty(db: RocksDB, name: string, log: Log): Promise<number> {
  try {
    return Number((await db.getProperty(name)) ?? 0);
  } catch (thrown) {
    log.warn({ name, reason: toMessage(thrown) }, 'RocksDB did not tell what memory it has');
    return 0;
  }
}
