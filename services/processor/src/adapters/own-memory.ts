import { readFile } from 'node:fs/promises';
import { memoryUsage } from 'node:process';
import { type RocksMemory } from '@fleetstream/state-store';
import { type MemoryParts } from '../memory-parts.ts';

/** Linux' own book of this process; elsewhere there is none, and code counts as 0. */
const statusFile = '/proc/self/status';

/** What this process has of memory now, RocksDB's parts included. */
export async function readOwnMemory(rocks: Pick<RocksMemory, 'read'>): Promise<MemoryParts> {
  const [figures, status] = await Promise.all([rocks.read(), readFile(statusFile, 'utf8').catch(() => '')]);
  const { rss, heapTotal, external } = memoryUsage();
  return {
    ...figures,
    residentBytes: rss,
    codeBytes: Number(/^RssFile:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024,
    heapBytes: heapTotal,
    // Array buffers are counted in it.
    bufferBytes: external,
  };
}
