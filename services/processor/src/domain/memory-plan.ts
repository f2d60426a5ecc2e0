export interface MemoryInput {
  /** What V8 lets the heap grow to. */
  readonly heapLimitBytes: number;
  /** Of the log: any of them may come to be owned here. */
  readonly partitionCount: number;
  /** For all of them, of {@link toMemoryBytes}. */
  readonly memoryBytes: number;
  readonly cacheBytesWanted: number;
  readonly memtableBytesWanted: number;
}

/** For each partition. */
export interface MemoryPlan {
  readonly cacheBytes: number;
  readonly memtableBytes: number;
  /** Even the least that works is more than there should be. */
  readonly isTight: boolean;
}

const mib = 1024 * 1024;
/** Indexes and filters of RocksDB's open tables: two bytes a key (measured), so that this is for two million keys. */
const tableReaderBytes = 4 * mib;
/** One is written while the other is flushed. */
const memtablesAlive = 2;
const leastCacheBytes = mib;
const leastMemtableBytes = mib / 4;
/** Decoded states are the dearest to miss: a miss costs a read and a parse. */
const cacheShare = 2 / 3;
/** The rest of the heap is for records on their way, outputs and garbage. */
const heapShare = 1 / 2;

/** What states may take of what the container, or else the machine, gives: as configured, or half of it. */
export function toMemoryBytes(limitBytes: number, configuredBytes: number | undefined): number {
  return configuredBytes ?? limitBytes / 2;
}

/**
 * Shares memory out among the partitions, so that owning all of them stays within it. Wishes are kept where there is
 * room, and made smaller where there isn't.
 */
export function planMemory(input: MemoryInput): MemoryPlan {
  const { heapLimitBytes, partitionCount, memoryBytes } = input;
  const each = memoryBytes / Math.max(1, partitionCount) - tableReaderBytes;
  const heapEach = (heapLimitBytes * heapShare) / Math.max(1, partitionCount);
  const cacheRoom = Math.min(each * cacheShare, heapEach);
  const memtableRoom = (each * (1 - cacheShare)) / memtablesAlive;
  return {
    cacheBytes: Math.floor(Math.max(leastCacheBytes, Math.min(input.cacheBytesWanted, cacheRoom))),
    memtableBytes: Math.floor(Math.max(leastMemtableBytes, Math.min(input.memtableBytesWanted, memtableRoom))),
    isTight: cacheRoom < leastCacheBytes || memtableRoom < leastMemtableBytes,
  };
}
