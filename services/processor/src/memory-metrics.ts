import { type Metrics } from '@fleetstream/telemetry';
import { type MemoryParts, toOtherBytes } from './memory-parts.ts';

export interface MemoryMetrics {
  /** Asked at every scrape. */
  watch(read: () => Promise<MemoryParts>): void;
  /** What the process comes to be at most, once that is known. */
  onPlanned(residentBytes: number): void;
}

/** What the process' memory is for. The parts add up to what is resident. */
export function createMemoryMetrics(registry: Metrics): MemoryMetrics {
  let read: (() => Promise<MemoryParts>) | undefined;
  const bytes = registry.gauge(
    'memory_bytes',
    'Resident memory by what it is for: V8 heap, buffers, RocksDB by part, code, and what is left.',
    ['part'],
    async () => {
      const parts = await read?.();
      if (parts === undefined) return;
      bytes.labels('heap').set(parts.heapBytes);
      bytes.labels('buffers').set(parts.bufferBytes);
      bytes.labels('block_cache').set(parts.blockCacheBytes - parts.pinnedBytes);
      bytes.labels('block_cache_pinned').set(parts.pinnedBytes);
      bytes.labels('memtables').set(parts.memtableBytes);
      bytes.labels('table_readers').set(parts.tableReaderBytes);
      bytes.labels('code').set(parts.codeBytes);
      bytes.labels('other').set(toOtherBytes(parts));
    },
  );
  const planned = registry.gauge(
    'memory_planned_bytes',
    'Resident memory at most, by what is configured; 0 until then.',
  );
  return {
    onPlanned: (residentBytes) => {
      planned.set(residentBytes);
    },
    watch: (reader) => {
      read = reader;
    },
  };
}
