import { describe, expect, it } from 'vitest';
import { mergePartitions, mergeStates } from './processor-api.ts';

const status = (partition: number, foldedOffset: number) => ({
  partition,
  committedOffset: 0,
  foldedOffset,
  endOffset: 0,
  lag: 0,
  lastCheckpoint: null,
});

describe('mergePartitions', () => {
  it('takes the further of two owners and sorts', () => {
    expect(mergePartitions([status(1, 5), status(0, 9), status(1, 7)])).toEqual([status(0, 9), status(1, 7)]);
  });
});

describe('mergeStates', () => {
  const answer = (partition: number, offset: number, robotId: string) => ({
    robots: [{ robotId, partition, state: { n: offset } }],
    asOf: [{ partition, offset }],
  });

  it('joins what each processor owns', () => {
    expect(mergeStates([answer(0, 3, 'a'), answer(1, 4, 'b')], 2)).toEqual({
      robots: [
        { robotId: 'a', partition: 0, state: '{"n":3}' },
        { robotId: 'b', partition: 1, state: '{"n":4}' },
      ],
      asOf: [
        { partition: 0, offset: 3 },
        { partition: 1, offset: 4 },
      ],
    });
  });

  it('never mixes two answers for one partition', () => {
    expect(mergeStates([answer(0, 3, 'a'), answer(0, 4, 'a')], 1).robots).toEqual([
      { robotId: 'a', partition: 0, state: '{"n":3}' },
    ]);
  });

  it('refuses an answer with a partition missing', () => {
    expect(() => mergeStates([answer(0, 3, 'a')], 2)).toThrow('Only 1 of 2 partitions');
  });
});
