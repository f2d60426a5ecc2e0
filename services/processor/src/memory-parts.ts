import { type RocksMemoryFigures } from '@fleetstream/state-store';

/** What a process has of memory, in bytes. */
export interface MemoryParts extends RocksMemoryFigures {
  readonly residentBytes: number;
  /** Mapped from files: Node, RocksDB and the C library. */
  readonly codeBytes: number;
  /** What V8 took for its heap, whether it holds objects or not. */
  readonly heapBytes: number;
  /** Beside the heap and bound to its objects: array buffers, such as what was fetched of the log. */
  readonly bufferBytes: number;
}

/** What no part accounts for: stacks, native structures, and what the allocator holds without a use for it. */
export function toOtherBytes(parts: MemoryParts): number {
  const { heapBytes, bufferBytes, blockCacheBytes, memtableBytes, tableReaderBytes, codeBytes } = parts;
  const accounted = heapBytes + bufferBytes + blockCacheBytes + memtableBytes + tableReaderBytes + codeBytes;
  // Parts are reserved before their pages are touched, so that they can be more than what is resident.
  return Math.max(0, parts.residentBytes - accounted);
}
