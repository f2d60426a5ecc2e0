import { createHash } from 'node:crypto';
import { type LogRecord } from '@fleetstream/kafka';
import { silentLog } from '@fleetstream/kernel';
import { type StateStore } from '@fleetstream/state-store';
import { describe, expect, it } from 'vitest';
import { type DrillResult, type EngineEvent } from './engine-event.ts';
import { type EnginePorts } from './engine-ports.ts';
import { runFireDrill, type DrillReport } from './fire-drill.ts';
import { type PartitionSnapshot } from './partition-status.ts';
import { toStateValue } from './state-value.ts';
import { decodeTally, tallyFold } from './testing/tally-fold.ts';
import { simulationLimits } from './testing/simulate-lives.ts';

const tally = (count: number, sum: number) =>
  JSON.stringify({ count, sum, lastMs: count === 0 ? 0 : 1000, fired: 0, dueMs: null });
/** What the checkpoint at offset 2 holds; offsets 2 and 3 add to a. */
const stored = { a: tally(1, 5), b: tally(1, 7) };
const right = { a: tally(3, 8), b: tally(1, 7) };

const records: LogRecord[] = [1, 2].map((add, index) => ({
  ...{ partition: 0, offset: 2 + index, timestampMs: 1000, key: Buffer.from('a'), headers: [], contentType: undefined },
  value: Buffer.from(JSON.stringify({ add })),
}));

function openCheckpoint(): StateStore {
  const states = new Map(Object.entries(stored).map(([key, text]) => [key, toStateValue(1, text)]));
  let appliedOffset = 2;
  return {
    get appliedOffset() {
      return appliedOffset;
    },
    ...{ logTimeMs: 1000, indexVersion: 0 },
    getMany: (keys) => Promise.resolve(keys.map((key) => states.get(key))),
    write: (batch) => {
      for (const { key, value } of batch.puts) states.set(key, value);
      appliedOffset = batch.appliedOffset;
      return Promise.resolve();
    },
    timers: () => toAsync([]),
    snapshot: () =>
      Promise.resolve({
        ...{ appliedOffset, logTimeMs: 1000 },
        entries: () => toAsync([...states].map(([key, value]) => ({ key, value }))),
        getMany: (keys) => Promise.resolve(keys.map((key) => states.get(key))),
        rows: () => toAsync([]),
        release: () => Promise.resolve(),
      }),
    checkpoint: () => Promise.reject(new Error('a drill makes no checkpoints')),
    close: () => Promise.resolve(),
  };
}

interface Drilled {
  readonly report: DrillReport;
  readonly outcomes: readonly DrillResult[];
  readonly errors: readonly string[];
}

/** Drills against a live state that is planted here. */
async function drill(live: Readonly<Record<string, string>>, offset = 4): Promise<Drilled> {
  const outcomes: DrillResult[] = [];
  const errors: string[] = [];
  const snapshot: PartitionSnapshot = {
    asOf: { partition: 0, offset, logTimeMs: 1000 },
    entries: () => toAsync(Object.entries(live).map(([key, stateText]) => ({ key, stateText }))),
    rows: () => toAsync([]),
    statesOf: () => Promise.resolve([]),
    release: () => Promise.resolve(),
  };
  const manifest = { files: [{ name: 'CURRENT', sizeBytes: 16, sha256: '' }] };
  const ports = {
    files: { exists: () => Promise.resolve(true), destroy: () => Promise.resolve() },
    checkpoints: { restore: () => Promise.resolve({ restored: { manifestKey: 'newest', manifest }, skipped: [] }) },
    openStore: () => Promise.resolve(openCheckpoint()),
    clock: { nowMs: () => 0, monotonicMs: () => 0 },
    sleep: () => Promise.resolve(),
  } as unknown as EnginePorts;
  const report = await runFireDrill(
    {
      ...{ fold: tallyFold, decode: decodeTally, ports, limits: simulationLimits, stateDir: '/state' },
      ...{ inputTopic: 'inputs', deadLetterTopic: 'dead', allowStateLoss: false },
      log: { ...silentLog, error: (_, message) => errors.push(message) },
      observe: (event: EngineEvent) => {
        if (event.kind === 'drilled') outcomes.push(event.outcome);
      },
    },
    0,
    () => Promise.resolve(snapshot),
    {
      read: (_, from, until) => toAsync(records.filter((one) => one.offset >= from && one.offset < until)),
      ...{ bytesPerSecond: 1e9, recordsPerSecond: 1e9, signal: new AbortController().signal },
    },
  );
  return { report, outcomes, errors };
}

// eslint-disable-next-line @typescript-eslint/require-await -- a list handed to one who takes streams
async function* toAsync<Item>(items: readonly Item[]): AsyncGenerator<Item, void, undefined> {
  yield* items;
}

describe('runFireDrill', () => {
  it('gives the live state again out of checkpoint and log, and its digest', async () => {
    const { report, outcomes, errors } = await drill(right);
    const digest = createHash('sha256').update(`a\0${right.a}\nb\0${right.b}\n`).digest('hex');
    expect(report).toEqual({
      ...{ partition: 0, outcome: 'verified', checkpointOffset: 2, comparedOffset: 4 },
      ...{ states: 2, digest, differing: [] },
    });
    expect({ outcomes, errors }).toEqual({ outcomes: ['verified'], errors: [] });
  });

  it.each([
    { name: 'a live state with another value', live: { ...right, b: tally(1, 8) }, differing: ['b'] },
    { name: 'a live state that missed a record', live: { ...right, a: tally(2, 6) }, differing: ['a'] },
    { name: 'a live state that is gone', live: { a: right.a }, differing: ['b'] },
    {
      name: 'a live state that the checkpoint lacks, between',
      live: { ...{ a: right.a, aa: right.a }, b: right.b },
      differing: ['aa'],
    },
    { name: 'a live state that the checkpoint lacks, at the end', live: { ...right, c: right.a }, differing: ['c'] },
  ])('says by name what differs: $name', async ({ live, differing }) => {
    const { report, outcomes, errors } = await drill(live);
    expect(report).toMatchObject({ outcome: 'mismatch', differing });
    expect(outcomes).toEqual(['mismatch']);
    expect(errors).toEqual([expect.stringContaining('A FIRE DRILL DID NOT GIVE THE LIVE STATE')]);
  });

  it('takes a checkpoint that is ahead of the partition for a mismatch', async () => {
    const { report, outcomes } = await drill(right, 1);
    expect(report).toMatchObject({ outcome: 'mismatch', checkpointOffset: 2, comparedOffset: 1 });
    expect(outcomes).toEqual(['mismatch']);
  });
});
