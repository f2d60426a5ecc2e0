import { describe, expect, it } from 'vitest';
import { planMemory, toMemoryBytes } from './memory-plan.ts';

const mib = 1024 * 1024;
const roomy = {
  ...{ limitBytes: 8192 * mib, heapLimitBytes: 4096 * mib, partitionCount: 6, memoryBytes: 4096 * mib },
  ...{ cacheBytesWanted: 64 * mib, memtableBytesWanted: 16 * mib },
};

describe('planMemory', () => {
  it('tells what the process comes to be: the heap is twice what lives there, two memtables are alive', () => {
    const small = { ...roomy, partitionCount: 4, cacheBytesWanted: 4 * mib, memtableBytesWanted: mib };
    expect(planMemory(small).residentBytes / mib).toBe(384 + 4 * (8 + 2 + 4));
  });

  it.each([
    { name: 'keeps the wishes where there is room', given: {}, cacheMib: 64, memtableMib: 16, isTight: false },
    {
      name: 'shares half of a small container out, after the indexes of tables',
      given: { limitBytes: 1024 * mib, memoryBytes: toMemoryBytes(1024 * mib, undefined) },
      ...{ cacheMib: 27.11, memtableMib: 13.56, isTight: false },
    },
    {
      name: 'takes what is configured for what there is',
      given: { memoryBytes: toMemoryBytes(1024 * mib, 6 * 16 * mib) },
      ...{ cacheMib: 4, memtableMib: 2, isTight: false },
    },
    {
      name: 'leaves half of the heap to everything else',
      given: { heapLimitBytes: 120 * mib },
      ...{ cacheMib: 10, memtableMib: 16, isTight: false },
    },
    {
      name: 'says that it is tight where the process comes to more than the container gives',
      given: { limitBytes: 512 * mib, memoryBytes: toMemoryBytes(512 * mib, undefined) },
      ...{ cacheMib: 12.89, memtableMib: 6.44, isTight: true },
    },
    {
      name: 'goes no lower than what works, and says that it is tight',
      given: { memoryBytes: 60 * mib, partitionCount: 12 },
      ...{ cacheMib: 1, memtableMib: 0.25, isTight: true },
    },
  ])('$name', ({ given, cacheMib, memtableMib, isTight }) => {
    const plan = planMemory({ ...roomy, ...given });
    expect(plan.cacheBytes / mib).toBeCloseTo(cacheMib, 1);
    expect(plan.memtableBytes / mib).toBeCloseTo(memtableMib, 1);
    expect(plan.isTight).toBe(isTight);
  });
});
