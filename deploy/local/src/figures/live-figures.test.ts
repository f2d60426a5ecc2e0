import { describe, expect, it } from 'vitest';
import { mergePartitions } from './live-figures.ts';
import { type PartitionStatus } from './processor-api.ts';

const status = (partition: number, checkpointAtMs?: number): PartitionStatus =>
  ({
    partition,
    lag: 0,
    foldedOffset: 10,
    committedOffset: 10,
    lastCheckpoint: checkpointAtMs === undefined ? null : { atMs: checkpointAtMs },
  }) as PartitionStatus;

describe('mergePartitions', () => {
  it.each([
    { name: 'a new owner without a checkpoint keeps the one before', now: [status(0), status(1, 7)], atMs: [5, 7] },
    { name: 'a partition nobody answers for stays as it was', now: [status(1, 7)], atMs: [5, 7] },
    { name: 'nobody answering forgets nothing', now: [], atMs: [5, 6] },
  ])('$name', ({ now, atMs }) => {
    const merged = mergePartitions([status(0, 5), status(1, 6)], now);
    expect(merged.map(({ lastCheckpoint }) => lastCheckpoint?.atMs)).toEqual(atMs);
  });
});
