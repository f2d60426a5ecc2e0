export interface MemoryInput {
  /** Of the container, or else the machine. */
  readonly limitBytes: number;
  /** What V8 lets the heap grow to. */
  readonly heapLimitBytes: number;
  /** Of the log: any of them may come to be owned here. */
  readonly partitionCount: number;
  /** For all of them, of {@link toMemoryBytes}. */
  readonly memoryBytes: number;
  readonly cacheBytesWanted: number;
  readonly memtableBytesWanted: number;
}

export interface MemoryPlan {
  /** For each partition. */
  readonly cacheBytes: number;
  /** For each partition. */
  readonly memtableBytes: number;
  /** What the whole process comes to be at most, all partitions being here and their caches full. */
  readonly residentBytes: number;
  /** Even the least that works is more than there should be, or all together is more than the container gives. */
  readonly isTight: boolean;
}

const mib = 1024 * 1024;
/** Indexes and filters of RocksDB's open tables: two bytes a key (measured), so that this is for two million keys. */
const tableReaderBytes = 4 * mib;
/**
 * What a process takes beside its states, measured at 38,000 events a second: 128 MiB of young generation, 66 of code, 60
 * of what lives in the heap and its garbage, 30 of records in buffers, 100 of the C library, RocksDB and V8's own.
 */
const processBytes = 384 * mib;
/** The heap is collected when it is twice what lives there: see `boundHeapGrowth`. */
const heapGrowth = 2;
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
  const cacheRoom = Math.min((each * cacheShare) / heapGrowth, heapEach);
  const memtableRoom = (each * (1 - cacheShare)) / memtablesAlive;
  const cacheBytes = Math.floor(Math.max(leastCacheBytes, Math.min(input.cacheBytesWanted, cacheRoom)));
  const memtableBytes = Math.floor(Math.max(leastMemtableBytes, Math.min(input.memtableBytesWanted, memtableRoom)));
  const residentEach = cacheBytes * heapGrowth + memtableBytes * memtablesAlive + tableReaderBytes;
  const residentBytes = processBytes + residentEach * partitionCount;
  return {
    ...{ cacheBytes, memtableBytes, residentBytes },
    isTight: residentBytes > input.limitBytes || cacheRoom < leastCacheBytes || memtableRoom < leastMemtableBytes,
  };
}
