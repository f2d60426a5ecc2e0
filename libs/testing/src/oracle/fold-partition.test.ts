import { type Fold } from '@fleetstream/kernel';
import { describe, expect, it } from 'vitest';
import { foldPartition } from './fold-partition.ts';
import { type OracleRecord } from './log-record.ts';

interface Count {
  readonly n: number;
  readonly dueMs?: number;
  readonly spoiled?: boolean;
}

const countFold: Fold<Count, string> = {
  name: 'count',
  stateVersion: 1,
  initial: () => ({ n: 0 }),
  step: (state, input, at) => ({
    state: { n: state.n + 1, dueMs: at.nowMs + 10, ...(input === 'spoil' ? { spoiled: true } : {}) },
    outputs: [{ topic: 'out', key: 'k', value: `${input}@${at.offset}` }],
  }),
  dueAt: (state) => state.dueMs,
  onTimer: (state, key, dueMs) => {
    if (state.spoiled === true) throw new RangeError('spoiled');
    return { state: { n: state.n }, outputs: [{ topic: 'out', key, value: `timer@${dueMs}` }] };
  },
  encodeState: (state) => JSON.stringify(state),
  decodeState: (text) => JSON.parse(text) as Count,
};

const at = (offset: number, timestampMs: number, key: string, value = 'x'): OracleRecord => ({
  partition: 3,
  offset,
  timestampMs,
  key,
  value: Buffer.from(value),
  contentType: undefined,
});

function run(records: OracleRecord[], statesAt: number, outputsUntil: number) {
  return foldPartition(
    (async function* () {
      await Promise.resolve();
      yield* records;
    })(),
    {
      fold: countFold,
      statesAt,
      outputsUntil,
      decode: ({ key, value }) =>
        key === 'tick'
          ? { kind: 'tick' }
          : value.toString() === 'bad'
            ? { kind: 'poison', reason: 'FS_RECORD_UNDECODABLE', detail: 'bad' }
            : { kind: 'input', key, input: value.toString() },
    },
  );
}

describe('foldPartition', () => {
  const history = [at(0, 100, 'a'), at(1, 105, 'b'), at(2, 109, 'bad', 'bad'), at(3, 110, 'tick'), at(4, 200, 'a')];

  it('fires a timer at the very record that reaches its due time, before folding it', async () => {
    const { outputs } = await run(history, 5, 5);
    expect(outputs.map(({ value }) => value)).toEqual(['x@0', 'x@1', 'timer@110', 'timer@115', 'x@4']);
    expect(outputs[0]).toMatchObject({ topic: 'out', partition: 3 });
  });

  it('takes states and outputs at different offsets', async () => {
    const early = await run(history, 2, 4);
    expect(Object.fromEntries(early.states)).toEqual({ a: '{"n":1,"dueMs":110}', b: '{"n":1,"dueMs":115}' });
    expect(early.outputs.map(({ value }) => value)).toEqual(['x@0', 'x@1', 'timer@110']);
    const late = await run(history, 5, 1);
    expect(Object.fromEntries(late.states)).toEqual({ a: '{"n":2,"dueMs":210}', b: '{"n":1}' });
    expect(late.outputs).toHaveLength(1);
  });

  it('names a timer that throws once for each record of its key, and goes on', async () => {
    const records = [at(0, 100, 'a', 'spoil'), at(1, 120, 'tick'), at(2, 130, 'tick'), at(3, 140, 'a', 'spoil')];
    const { poisonTimers, outputs } = await run([...records, at(4, 160, 'tick'), at(5, 170, 'tick')], 6, 6);
    expect(poisonTimers).toEqual([
      { partition: 3, key: 'a', dueMs: 110 },
      { partition: 3, key: 'a', dueMs: 150 },
    ]);
    expect(outputs.map(({ value }) => value)).toEqual(['spoil@0', 'spoil@3']);
  });

  it('names poison and folds on', async () => {
    const { poison, states } = await run(history, 5, 5);
    expect(poison.map(({ offset }) => offset)).toEqual([2]);
    expect(states.has('bad')).toBe(false);
  });
});
