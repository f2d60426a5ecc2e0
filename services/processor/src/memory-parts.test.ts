import { describe, expect, it } from 'vitest';
import { toOtherBytes } from './memory-parts.ts';

const parts = {
  ...{ heapBytes: 100, bufferBytes: 20, codeBytes: 50 },
  ...{ blockCacheBytes: 30, pinnedBytes: 10, memtableBytes: 5, tableReaderBytes: 1 },
};

describe('toOtherBytes', () => {
  it.each([
    { name: 'is what no part accounts for, pinned blocks being in the cache', residentBytes: 300, other: 94 },
    { name: 'is nothing where parts were reserved and not touched', residentBytes: 150, other: 0 },
  ])('$name', ({ residentBytes, other }) => {
    expect(toOtherBytes({ ...parts, residentBytes })).toBe(other);
  });
});
