import fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { murmur2, partitionForKey } from './partition-for-key.ts';

describe('partitionForKey', () => {
  /** Of the Java client's own tests (`UtilsTest.testMurmur2`). */
  it.each([
    { key: '21', hash: -973932308 },
    { key: 'foobar', hash: -790332482 },
    { key: 'a-little-bit-long-string', hash: -985981536 },
    { key: 'a-little-bit-longer-string', hash: -1486304829 },
    { key: 'lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', hash: -58897971 },
    { key: 'abc', hash: 479470107 },
  ])('hashes $key as the Java client does', ({ key, hash }) => {
    expect(murmur2(Buffer.from(key))).toBe(hash);
    expect(partitionForKey(key, 6)).toBe((hash & 0x7fffffff) % 6);
  });

  it('puts every key where kafkajs puts it', () => {
    const choose = Partitioners.DefaultPartitioner();
    const toMetadata = (partitionId: number) => ({
      ...{ partitionErrorCode: 0, partitionId, leader: 0, replicas: [], isr: [] },
    });
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), fc.constantFrom(1, 2, 6, 12), (key, count) => {
        const partitionMetadata = Array.from({ length: count }, (_, partition) => toMetadata(partition));
        const theirs = choose({ topic: '', partitionMetadata, message: { key: Buffer.from(key), value: null } });
        expect(partitionForKey(key, count)).toBe(theirs);
      }),
      { numRuns: 30 },
    );
  });
});
