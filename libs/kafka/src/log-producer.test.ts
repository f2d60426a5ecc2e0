import { AppError, silentLog } from '@fleetstream/kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { type IdempotentProducer, type ProduceRecord } from './idempotent-producer.ts';
import { type BatchingProducerOptions, createBatchingProducer, type LogProducer } from './log-producer.ts';
import { partitionForKey } from './partition-for-key.ts';

const topic = 'fleet.events';

/** A broker of six partitions that dedups by producer id and sequence, as Kafka does, and a client's bookkeeping. */
class FakeKafka {
  readonly log: { partition: number; value: string }[] = [];
  readonly batches: number[] = [];
  producers = 0;
  alive = true;
  /** What becomes of the next sends: `lost` appends and then fails, as when the answer is lost on the way. */
  readonly fates: ('ok' | 'lost' | 'refused' | 'hangs')[] = [];
  readonly #seen = new Map<string, number>();

  readonly open = (): Promise<IdempotentProducer> => {
    if (!this.alive) return Promise.reject(new Error('connect ECONNREFUSED'));
    const id = (this.producers += 1);
    const sequences = new Map<number, number>();
    return Promise.resolve({
      close: () => Promise.resolve(),
      send: async (records) => {
        if (!this.alive) throw new Error('broker away');
        const fate = this.fates.shift() ?? 'ok';
        if (fate === 'refused') throw new Error('NOT_ENOUGH_REPLICAS');
        this.batches.push(records.length);
        const next = new Map<number, number>();
        for (const [partition, values] of byPartition(records)) {
          const sequence = sequences.get(partition) ?? 0;
          // What fails leaves the numbers as they were.
          if (fate === 'ok') sequences.set(partition, sequence + values.length);
          next.set(partition, this.#append(`${id}/${partition}/${sequence}/${values.length}`, partition, values));
        }
        if (fate === 'lost') throw new Error('Request timed out');
        if (fate === 'hangs') return await new Promise(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 5));
        return records.map((record) => {
          const partition = partitionOf(record);
          const offset = next.get(partition) ?? Number.NaN;
          next.set(partition, offset + 1);
          return { partition, offset };
        });
      },
    });
  };

  #append(mark: string, partition: number, values: readonly string[]): number {
    const baseOffset = this.#seen.get(mark) ?? this.log.filter((record) => record.partition === partition).length;
    if (!this.#seen.has(mark)) for (const value of values) this.log.push({ partition, value });
    this.#seen.set(mark, baseOffset);
    return baseOffset;
  }
}

const partitionOf = ({ key, partition }: ProduceRecord): number => partition ?? partitionForKey(key, 6);

function byPartition(records: readonly ProduceRecord[]): Map<number, string[]> {
  const grouped = new Map<number, string[]>();
  for (const record of records) {
    const partition = partitionOf(record);
    grouped.set(partition, [...(grouped.get(partition) ?? []), String(record.value)]);
  }
  return grouped;
}

const running: (() => Promise<void>)[] = [];

async function start(kafka: FakeKafka, options: Partial<BatchingProducerOptions> = {}): Promise<LogProducer> {
  const reconnect = { minMs: 5, maxMs: 10 };
  const producer = createBatchingProducer({
    openProducer: kafka.open,
    log: silentLog,
    timeoutMs: 200,
    reconnect,
    ...options,
  });
  running.push(await producer.start());
  return producer;
}

const record = (key: string, value: string) => ({ topic, key, value });

async function waitUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((stop) => stop()));
});

describe('createBatchingProducer', () => {
  it('joins concurrent calls into one batch and tells every record its own offset', async () => {
    const kafka = new FakeKafka();
    const producer = await start(kafka);
    const keys = Array.from({ length: 40 }, (_, index) => `robot-${index % 7}`);
    const positions = await Promise.all(keys.map((key, index) => producer.append([record(key, String(index))])));
    expect(kafka.batches).toEqual([40]);
    for (const [index, [position]] of positions.entries()) {
      const partition = kafka.log.filter((entry) => entry.partition === position?.partition);
      expect(partition[position?.offset ?? -1]?.value).toBe(String(index));
    }
  });

  it('sends what came in during a batch as the next batch, never two at once', async () => {
    const kafka = new FakeKafka();
    const producer = await start(kafka);
    const first = producer.append([record('a', '1')]);
    await waitUntil(() => kafka.batches.length === 1);
    const rest = [2, 3, 4].map((n) => producer.append([record('a', String(n))]));
    expect(kafka.batches).toEqual([1]);
    await Promise.all([first, ...rest]);
    expect(kafka.batches).toEqual([1, 3]);
    expect(kafka.log.map(({ value }) => value)).toEqual(['1', '2', '3', '4']);
  });

  it.each([
    { name: 'cuts batches at their records', options: { maxBatchRecords: 4 }, batches: [4, 4, 2] },
    { name: 'cuts batches at their bytes', options: { maxBatchBytes: 300 }, batches: [3, 3, 3, 1] },
  ])('$name', async ({ options, batches }) => {
    const kafka = new FakeKafka();
    const producer = await start(kafka, options);
    await producer.append(Array.from({ length: 10 }, (_, index) => record('a', String(index))));
    expect(kafka.batches).toEqual(batches);
    expect(kafka.log.map(({ value }) => value).join('')).toBe('0123456789');
  });

  it('is a lost acknowledgement, never an acknowledged loss: the next batch comes from a new producer', async () => {
    const kafka = new FakeKafka();
    const producer = await start(kafka);
    kafka.fates.push('lost');
    await expect(producer.append([record('a', 'lost?')])).rejects.toMatchObject({ code: 'FS_BROKER_UNAVAILABLE' });
    await waitUntil(() => producer.healthy());
    // As many records, same partition: with the old producer's number the broker would take it for a repetition.
    await producer.append([record('a', 'next')]);
    expect(kafka.log.map(({ value }) => value)).toEqual(['lost?', 'next']);
    expect(kafka.producers).toBe(2);
  });

  it('gives up on a batch that is never answered and fails what waits behind it', async () => {
    const kafka = new FakeKafka();
    const producer = await start(kafka, { timeoutMs: 30 });
    kafka.fates.push('hangs');
    const first = producer.append([record('a', '1')]);
    await waitUntil(() => kafka.batches.length === 1);
    const second = producer.append([record('a', '2')]);
    const outcomes = await Promise.allSettled([first, second]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(kafka.batches).toEqual([1]);
    expect(producer.waitingBytes()).toBe(0);
  });

  it('fails at once while the broker is away and recovers by itself', async () => {
    const kafka = new FakeKafka();
    kafka.alive = false;
    const producer = await start(kafka);
    expect(producer.healthy()).toBe(false);
    await expect(producer.append([record('a', '1')])).rejects.toBeInstanceOf(AppError);
    expect(kafka.batches).toEqual([]);
    kafka.alive = true;
    await waitUntil(() => producer.healthy());
    await expect(producer.append([record('a', '1')])).resolves.toMatchObject([{ offset: 0 }]);
  });

  it('refuses more bytes than may wait, and a record that no batch can hold', async () => {
    const kafka = new FakeKafka();
    const producer = await start(kafka, { maxWaitingBytes: 500, maxBatchBytes: 400 });
    const held = producer.append([record('a', 'x'.repeat(300))]);
    await expect(producer.append([record('a', 'x'.repeat(300))])).rejects.toMatchObject({ code: 'FS_OVERLOADED' });
    await expect(producer.append([record('a', 'x'.repeat(400))])).rejects.toMatchObject({ code: 'FS_EVENT_TOO_LARGE' });
    await held;
    await producer.append([record('a', 'x'.repeat(300))]);
  });

  it('sends what is queued before it stops', async () => {
    const kafka = new FakeKafka();
    const producer = createBatchingProducer({ openProducer: kafka.open, log: silentLog });
    const stop = await producer.start();
    const appended = producer.append([record('a', '1')]);
    await stop();
    await expect(appended).resolves.toHaveLength(1);
    await expect(producer.append([record('a', '2')])).rejects.toMatchObject({ code: 'FS_BROKER_UNAVAILABLE' });
  });
});
