import { AppError, silentLog } from '@fleetstream/kernel';
import { type Producer, type ProducerBatch, type ProducerConfig, type RecordMetadata } from 'kafkajs';
import { afterEach, describe, expect, it } from 'vitest';
import { createLogProducer, type LogProducer, type LogProducerOptions } from './log-producer.ts';

const topic = 'fleet.events';

/** A broker of six partitions that dedups by producer id and sequence, as Kafka does; kafkajs' own bookkeeping above. */
class FakeKafka {
  readonly log: { partition: number; value: string }[] = [];
  readonly batches: number[] = [];
  producers = 0;
  alive = true;
  /** What becomes of the next sends: `lost` appends and then fails, as when the answer is lost on the way. */
  readonly fates: ('ok' | 'lost' | 'refused' | 'hangs' | 'partial')[] = [];
  readonly #seen = new Map<string, number>();

  readonly producer = (config: ProducerConfig = {}): Producer => {
    const id = (this.producers += 1);
    const sequences = new Map<number, number>();
    const choose = config.createPartitioner?.() ?? (() => 0);
    const partitionMetadata = [0, 1, 2, 3, 4, 5].map((partitionId) => ({
      partitionErrorCode: 0,
      partitionId,
      leader: 1,
      replicas: [1],
      isr: [1],
    }));
    return {
      connect: () => (this.alive ? Promise.resolve() : Promise.reject(new Error('connect ECONNREFUSED'))),
      disconnect: () => Promise.resolve(),
      sendBatch: async (batch: ProducerBatch): Promise<RecordMetadata[]> => {
        const messages = batch.topicMessages?.flatMap((entry) => entry.messages) ?? [];
        if (messages.length === 0) return [];
        if (!this.alive) throw new Error('broker away');
        const fate = this.fates.shift() ?? 'ok';
        if (fate === 'refused') throw new Error('NOT_ENOUGH_REPLICAS');
        this.batches.push(messages.length);
        const byPartition = new Map<number, typeof messages>();
        for (const message of messages) {
          const partition = choose({ topic, partitionMetadata, message });
          byPartition.set(partition, [...(byPartition.get(partition) ?? []), message]);
        }
        const answers = [...byPartition].map(([partition, mine]) => {
          const sequence = sequences.get(partition) ?? 0;
          // As in kafkajs, what fails is given its old numbers back.
          if (fate === 'ok' || fate === 'partial') sequences.set(partition, sequence + mine.length);
          const mark = `${id}/${partition}/${sequence}/${mine.length}`;
          const earlier = this.#seen.get(mark);
          const baseOffset = earlier ?? this.log.filter((record) => record.partition === partition).length;
          if (earlier === undefined) {
            this.#seen.set(mark, baseOffset);
            for (const { value } of mine) this.log.push({ partition, value: String(value) });
          }
          return { topicName: topic, partition, errorCode: 0, baseOffset: String(baseOffset) };
        });
        if (fate === 'lost') throw new Error('Request timed out');
        if (fate === 'hangs') return await new Promise(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 5));
        return fate === 'partial' ? answers.slice(1) : answers;
      },
    } as unknown as Producer;
  };
}

const running: (() => Promise<void>)[] = [];

async function start(kafka: FakeKafka, options: Partial<LogProducerOptions> = {}): Promise<LogProducer> {
  const reconnect = { minMs: 5, maxMs: 10 };
  const producer = createLogProducer({ kafka, log: silentLog, timeoutMs: 200, reconnect, ...options });
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

describe('createLogProducer', () => {
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

  it('takes an answer that leaves out a partition for a failure', async () => {
    const kafka = new FakeKafka();
    const producer = await start(kafka);
    kafka.fates.push('partial');
    const records = [0, 1].map((partition) => ({ ...record('a', String(partition)), partition }));
    await expect(producer.append(records)).rejects.toMatchObject({ code: 'FS_BROKER_UNAVAILABLE' });
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
    const producer = createLogProducer({ kafka, log: silentLog });
    const stop = await producer.start();
    const appended = producer.append([record('a', '1')]);
    await stop();
    await expect(appended).resolves.toHaveLength(1);
    await expect(producer.append([record('a', '2')])).rejects.toMatchObject({ code: 'FS_BROKER_UNAVAILABLE' });
  });

  /** Values of the Java client: `Utils.toPositive(Utils.murmur2(key)) % 6`. */
  it.each([
    { key: '21', hash: -973932308 },
    { key: 'foobar', hash: -790332482 },
    { key: 'a-little-bit-long-string', hash: -985981536 },
    { key: 'lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', hash: -58897971 },
  ])('puts the key $key where the Java client puts it', async ({ key, hash }) => {
    const producer = await start(new FakeKafka());
    const [position] = await producer.append([record(key, '1')]);
    expect(position?.partition).toBe((hash & 0x7fffffff) % 6);
  });
});
