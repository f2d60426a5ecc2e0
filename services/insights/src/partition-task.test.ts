import { type AnomalyModel, type RecordScore, type RobotRecord } from '@fleetstream/anomaly-model';
import { telemetryRecord } from '@fleetstream/testing';
import {
  type LogBatch,
  type LogReader,
  type LogRecord,
  type SinkRecord,
  type TransactionalSink,
} from '@fleetstream/kafka';
import { AppError, silentLog, systemClock } from '@fleetstream/kernel';
import { createEventCodec } from '@fleetstream/schema-registry';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createModelBreaker } from './adapters/model-breaker.ts';
import { createInsightsMetrics } from './metrics.ts';
import { PartitionTask } from './partition-task.ts';

const finding = {
  kind: 'outlier',
  metric: 'x',
  unit: undefined,
  value: 9,
  expected: 1,
  score: 9,
  threshold: 5,
  excess: 2,
  samples: 500,
  sinceOffset: 0,
  previousOffset: 0,
} as const;

/** What a partition's broker side remembers across openings. */
interface Broker {
  readonly records: LogRecord[];
  readonly start: number;
  committed: number | undefined;
  readonly outputs: SinkRecord[];
  readonly commits: number[];
  failCommits: number;
  readonly opened: number[];
}

function createBroker(count: number, given: Partial<Broker> = {}): Broker {
  const records = Array.from({ length: count }, (_, offset) => ({
    ...telemetryRecord('r-1', offset, { x: 1 }),
    headers: [{ name: 'content-type', value: Buffer.from('application/cloudevents+json') }],
  }));
  return { records, start: 0, committed: undefined, outputs: [], commits: [], failCommits: 0, opened: [], ...given };
}

function createReader(broker: Broker, fromOffset: number): LogReader {
  let next = fromOffset;
  let closed = false;
  broker.opened.push(fromOffset);
  return {
    endOffset: broker.records.length,
    close: () => (closed = true),
    next: async () => {
      if (!closed && next < broker.records.length) {
        const records = broker.records.slice(next, next + 7);
        next += records.length;
        return { records, nextOffset: next, endOffset: broker.records.length } satisfies LogBatch;
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
      return undefined;
    },
  };
}

function createSink(broker: Broker): TransactionalSink {
  return {
    open: () => Promise.resolve(broker.committed),
    commit: ({ outputs, nextOffset }) => {
      if (broker.failCommits-- > 0) return Promise.reject(new AppError('FS_COMMIT_OUTCOME_UNKNOWN', 'lost'));
      broker.outputs.push(...outputs);
      broker.commits.push(nextOffset);
      broker.committed = nextOffset;
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

function createModel(scoreOne: (record: RobotRecord) => RecordScore): AnomalyModel {
  return {
    name: 'test',
    version: 7,
    falseAlarmsPerRobotDay: 1,
    open: () => ({
      // A throw of `scoreOne` is a rejection, as that of a model elsewhere would be.
      score: async (records) => await Promise.resolve(records.map(scoreOne)),
      memory: () => ({ robots: 0, series: 0, warmingUp: 0 }),
    }),
  };
}

const quiet: RecordScore = { kind: 'scored', findings: [], withheld: 0 };
const loudAt =
  (...offsets: readonly number[]) =>
  (record: RobotRecord) =>
    offsets.includes(record.at.offset) ? { ...quiet, findings: [finding] } : quiet;

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

function startTask(broker: Broker, model: AnomalyModel, rewindRecords = 10): PartitionTask {
  const metrics = createInsightsMetrics({ partitions: () => [], breakers: () => [] });
  const guarded = createModelBreaker({ model, log: silentLog, timeoutMs: 1000, resetMs: 20 });
  const task = new PartitionTask(
    {
      model: guarded,
      createSink: () => createSink(broker),
      source: {
        offsets: () => Promise.resolve({ start: broker.start, end: broker.records.length }),
        read: (_partition, fromOffset) => createReader(broker, fromOffset),
      },
      codec: createEventCodec({ url: undefined, role: 'reader', log: silentLog }),
      rewindRecords,
      batchRecords: 3,
      commitIntervalMs: 5,
      clock: systemClock,
      metrics,
      log: silentLog,
      sleep: () => new Promise((resolve) => setTimeout(resolve, 10)),
      ownershipConfirmed: () => Promise.resolve(),
    },
    0,
  );
  stops.push(async () => {
    await task.stop();
    guarded.stop();
    metrics.registry.stop();
  });
  return task;
}

const idsOf = (broker: Broker) => broker.outputs.map(({ value }) => (JSON.parse(String(value)) as { id: string }).id);
const judgedAll = (broker: Broker) =>
  vi.waitFor(
    () => {
      expect(broker.committed).toBe(broker.records.length);
    },
    { timeout: 5000, interval: 5 },
  );

describe('one partition', () => {
  it('commits a verdict together with the offset after its batch', async () => {
    const broker = createBroker(50);
    startTask(broker, createModel(loudAt(20)));
    await judgedAll(broker);
    expect(idsOf(broker)).toEqual(['insights-test-7-0-20-x']);
    expect(broker.commits).toEqual([...broker.commits].sort((a, b) => a - b));
  });

  it('rewinds before it goes on, says nothing twice and commits nothing backwards', async () => {
    const broker = createBroker(50, { committed: 30 });
    startTask(broker, createModel(loudAt(25, 29, 30, 40)));
    await judgedAll(broker);
    expect(broker.opened).toEqual([20]);
    expect(idsOf(broker)).toEqual(['insights-test-7-0-30-x', 'insights-test-7-0-40-x']);
    expect(Math.min(...broker.commits)).toBeGreaterThan(30);
  });

  it('judges anew, and says once, what a failed commit had covered', async () => {
    const broker = createBroker(50, { failCommits: 2 });
    startTask(broker, createModel(loudAt(20, 40)));
    await judgedAll(broker);
    expect(broker.opened.length).toBe(3);
    expect(idsOf(broker)).toEqual(['insights-test-7-0-20-x', 'insights-test-7-0-40-x']);
  });

  it('waits for a model that is away and skips nothing', async () => {
    const broker = createBroker(50);
    let away = 6;
    const scoreOne = (record: RobotRecord) => {
      if (record.at.offset >= 20 && away-- > 0) throw new Error('away');
      return loudAt(20)(record);
    };
    startTask(broker, createModel(scoreOne));
    await judgedAll(broker);
    expect(idsOf(broker)).toEqual(['insights-test-7-0-20-x']);
  });

  it('puts a record on which the model fails into the dead letters, untouched, once', async () => {
    const broker = createBroker(50, { failCommits: 1 });
    const model = createModel(({ at }) => (at.offset === 10 ? { kind: 'failed', detail: 'broken' } : quiet));
    startTask(broker, model);
    await judgedAll(broker);
    expect(broker.outputs).toHaveLength(1);
    expect(broker.outputs[0]).toMatchObject({
      topic: 'fleet.dlq',
      value: broker.records[10]?.value,
      headers: { 'fs-reason': 'FS_MODEL_FAILED', 'fs-step': 'insights-test', 'fs-origin-offset': '10' },
    });
  });

  it('goes on from the start of a log that was cut', async () => {
    const broker = createBroker(50, { start: 20, committed: 5 });
    startTask(broker, createModel(loudAt(20)));
    await judgedAll(broker);
    expect(broker.opened).toEqual([20]);
    expect(idsOf(broker)).toEqual(['insights-test-7-0-20-x']);
  });
});
