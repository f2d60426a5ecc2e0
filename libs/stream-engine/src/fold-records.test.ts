import { type LogRecord, type SinkRecord } from '@fleetstream/kafka';
import { type StoredTimer } from '@fleetstream/state-store';
import { describe, expect, it } from 'vitest';
import { foldRecords, type FoldTarget } from './fold-records.ts';
import { StateCache } from './state-cache.ts';
import { decodeTally, type Tally, tallyFold, type TallyInput } from './testing/tally-fold.ts';
import { TimerIndex } from './timer-index.ts';

function createTarget(): FoldTarget<Tally, TallyInput> {
  const store = { getMany: (keys: readonly string[]) => Promise.resolve(keys.map(() => undefined)) };
  const timers = new TimerIndex({ timers: () => ReadableStream.from<StoredTimer[]>([]) }, 1);
  return {
    fold: tallyFold,
    decode: decodeTally,
    cache: new StateCache<Tally>(tallyFold, store, { cacheEntries: 100, cacheBytes: 1e6 }, timers),
    timers,
    inputTopic: 'inputs',
    deadLetterTopic: 'dead',
  };
}

function records(...given: readonly [key: string, atMs: number, value: string | TallyInput][]): LogRecord[] {
  return given.map(([key, timestampMs, value], offset) => ({
    partition: 0,
    offset,
    timestampMs,
    key: Buffer.from(key),
    value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
    contentType: 'application/cloudevents+json',
    headers: [{ name: 'content-type', value: Buffer.from('application/cloudevents+json') }],
  }));
}

const idOf = ({ value }: Pick<SinkRecord, 'value'>) => (JSON.parse(String(value)) as { id: string }).id;

describe('foldRecords', () => {
  it.each([
    {
      name: 'a timer fires before the record that passes it',
      given: records(['a', 100, { add: 2, armMs: 50 }], ['b', 150, { add: 2 }]),
      ids: ['0-0-0', 'a@150-0', '0-1-0'],
    },
    {
      name: 'a millisecond short it waits',
      given: records(['a', 100, { add: 2, armMs: 50 }], ['b', 149, { add: 2 }]),
      ids: ['0-0-0', '0-1-0'],
    },
    {
      name: 'a tick fires timers and is nothing else',
      given: records(['a', 100, { add: 1, armMs: 50 }], ['tick', 150, 'tick']),
      ids: ['a@150-0'],
    },
    {
      name: 'timers fire in the order of time and key, repeats in between',
      given: records(['b', 100, { add: 1, armMs: 50 }], ['a', 100, { add: 1, armMs: 90 }], ['tick', 195, 'tick']),
      ids: ['b@150-0', 'a@190-0', 'b@190-0'],
    },
    {
      name: 'log time never runs back: a timer that is due by an earlier record fires before a late one',
      given: records(['tick', 200, 'tick'], ['a', 100, { add: 1, armMs: 50 }], ['b', 120, { add: 2 }]),
      ids: ['a@150-0', 'a@190-0', '0-2-0'],
    },
    {
      name: 'a timer that was pushed further out does not fire at its first time',
      given: records(['a', 100, { add: 1, armMs: 50 }], ['a', 140, { add: 1, armMs: 50 }], ['tick', 189, 'tick']),
      ids: ['0-1-0'],
    },
  ])('$name', async ({ given, ids }) => {
    const folded = await foldRecords(createTarget(), given, { logTimeMs: 0, writeFrom: 0 });
    expect(folded.outputs.map(idOf)).toEqual(ids);
  });

  it('buries what it cannot decode or fold, untouched and with reasons, and leaves the state alone', async () => {
    const target = createTarget();
    const given = records(['a', 1, { add: 1 }], ['a', 2, 'rubbish'], ['a', 3, { add: 1, fail: true }]);
    const { outputs, counts } = await foldRecords(target, given, { logTimeMs: 0, writeFrom: 0 });
    expect(outputs).toMatchObject([
      {
        topic: 'dead',
        key: Buffer.from('a'),
        value: Buffer.from('rubbish'),
        headers: { 'fs-reason': 'FS_RECORD_UNDECODABLE', 'fs-step': 'decode', 'fs-origin-offset': '1' },
      },
      {
        headers: { 'fs-reason': 'FS_FOLD_FAILED', 'fs-detail': 'told to fail', 'fs-origin-topic': 'inputs' },
      },
    ]);
    expect(counts).toMatchObject({ records: 3, undecodable: 1, foldFailures: 1 });
    expect(target.cache.get('a')?.state).toMatchObject({ count: 1 });
  });

  it('ends the state of a key, and lets its next record begin anew', async () => {
    const target = createTarget();
    const given = records(['a', 1, { add: 1, armMs: 50 }], ['a', 2, { add: 2, end: true }], ['tick', 90, 'tick']);
    const { outputs, counts } = await foldRecords(target, given, { logTimeMs: 0, writeFrom: 0 });
    expect(outputs).toMatchObject([{ topic: 'outputs', value: null }]);
    expect(counts.timersFired).toBe(0);
    expect([...target.cache.dirty()]).toMatchObject([{ key: 'a', state: undefined }]);
    await foldRecords(target, records(['a', 91, { add: 5 }]), { logTimeMs: 90, writeFrom: 0 });
    expect(target.cache.get('a')?.state).toMatchObject({ count: 1, sum: 5 });
  });

  it('buries a timer that throws, once until the next record of its key, and leaves the state alone', async () => {
    const target = createTarget();
    const given = records(
      ['a', 100, { add: 1, armMs: 50, failTimers: true }],
      ...(['tick', 'tick'] as const).map((tick, index): [string, number, string] => [tick, 160 + index, tick]),
      ['a', 170, { add: 1 }],
      ['tick', 180, 'tick'],
      ['a', 190, { add: 1, failTimers: false }],
      ['tick', 191, 'tick'],
    );
    const { outputs, counts } = await foldRecords(target, given, { logTimeMs: 0, writeFrom: 0 });
    const letters = outputs.filter(({ topic }) => topic === 'dead');
    expect(letters.map(({ key, value, headers }) => [key, value, headers?.['fs-origin-offset']])).toEqual([
      ['a', null, '1'],
      ['a', null, '4'],
    ]);
    expect(letters[0]?.headers).toMatchObject({
      'fs-step': 'timer',
      'fs-reason': 'FS_FOLD_FAILED',
      'fs-detail': 'told to fail at 150',
      'fs-origin-due-ms': '150',
    });
    expect(outputs.filter(({ topic }) => topic === 'outputs').map(idOf)).toEqual(['0-3-0', 'a@150-0', 'a@190-0']);
    expect(counts).toMatchObject({ timerFailures: 2, timersFired: 2 });
    expect(target.timers.isDisarmed('a')).toBe(false);
  });

  it('a poisoned key gets no state', async () => {
    const target = createTarget();
    await foldRecords(target, records(['a', 1, { add: 1, fail: true }]), { logTimeMs: 0, writeFrom: 0 });
    expect(target.cache.dirtyCount).toBe(0);
  });

  it('writes no outputs of records that were committed before, timers before them included', async () => {
    const given = records(['a', 100, { add: 2, armMs: 50 }], ['b', 150, { add: 2 }], ['b', 190, { add: 2 }]);
    const folded = await foldRecords(createTarget(), given, { logTimeMs: 0, writeFrom: 2 });
    expect(folded.outputs.map(idOf)).toEqual(['a@190-0', '0-2-0']);
    expect(folded.counts.suppressedOutputs).toBe(3);
  });
});
