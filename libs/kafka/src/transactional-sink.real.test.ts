import { randomUUID } from 'node:crypto';
import { silentLog } from '@fleetstream/kernel';
import { describe, expect, inject, it } from 'vitest';
import { ensureTopics } from './ensure-topics.ts';
import { createKafkaClient } from './kafka-client.ts';
import { fetchCommitted, fetchOffsets } from './log-offsets.ts';
import { type LogRecord } from './log-record.ts';
import { createLogSource } from './log-source.ts';
import { createPartitionAppender } from './partition-appender.ts';
import { readLog } from './read-log.ts';
import { createTransactionalSink, type SinkRecord, type TransactionalSink } from './transactional-sink.ts';

const kafka = createKafkaClient({ brokers: [inject('kafkaBrokers')], clientId: 'sink-test', log: silentLog });

async function setUp(): Promise<{ input: string; output: string; groupId: string; sink: () => TransactionalSink }> {
  const name = `sink-test-${randomUUID()}`;
  const [input, output] = [`${name}-in`, `${name}-out`];
  await ensureTopics(
    kafka,
    [input, output].map((topic) => ({ name: topic, partitions: 2, config: {} })),
  );
  const options = { kafka, transactionalId: name, groupId: name, inputTopic: input, partition: 1 };
  const sink = () => createTransactionalSink({ ...options, outputTopics: [output], log: silentLog });
  return { input, output, groupId: name, sink };
}

async function readAll(topic: string): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const record of readLog({ kafka, topic })) records.push(record);
  return records;
}

const toOutput = (topic: string, value: string): SinkRecord => ({ topic, key: 'key', value });

describe('a transactional sink', () => {
  it('writes outputs and offset together, to the partition of the input', async () => {
    const { input, output, groupId, sink } = await setUp();
    const first = sink();
    expect(await first.open()).toBeUndefined();
    await first.commit({ outputs: [toOutput(output, 'one'), toOutput(output, 'two')], nextOffset: 7 });
    await first.commit({ outputs: [], nextOffset: 9 });
    await first.commit({ outputs: [toOutput(output, 'three')], nextOffset: 12 });
    const records = await readAll(output);
    expect(records.map(({ partition, value }) => [partition, String(value)])).toEqual([
      [1, 'one'],
      [1, 'two'],
      [1, 'three'],
    ]);
    expect(records[0]?.contentType).toBe('application/cloudevents+json');
    expect(await fetchCommitted(kafka, groupId, input)).toEqual(new Map([[1, 12]]));
    await first.close();
  });

  it('fences the holder before it the moment it opens, and tells what that one had committed', async () => {
    const { output, sink } = await setUp();
    const [zombie, owner] = [sink(), sink()];
    await zombie.open();
    await zombie.commit({ outputs: [toOutput(output, 'of the zombie')], nextOffset: 3 });
    expect(await owner.open()).toBe(3);
    const late = zombie.commit({ outputs: [toOutput(output, 'too late')], nextOffset: 4 });
    await expect(late).rejects.toMatchObject({ code: 'FS_TASK_FENCED' });
    const again = zombie.commit({ outputs: [], nextOffset: 5 });
    await expect(again).rejects.toMatchObject({ code: 'FS_COMMIT_OUTCOME_UNKNOWN' });
    await owner.commit({ outputs: [toOutput(output, 'of the owner')], nextOffset: 4 });
    expect((await readAll(output)).map(({ value }) => String(value))).toEqual(['of the zombie', 'of the owner']);
    await Promise.all([zombie.close(), owner.close()]);
  });

  it('writes more than a broker takes in one batch in one transaction', async () => {
    const { output, sink } = await setUp();
    const mine = sink();
    await mine.open();
    const values = Array.from({ length: 50 }, (_, index) => `${index}:`.padEnd(60_000, 'x'));
    await mine.commit({ outputs: values.map((value) => toOutput(output, value)), nextOffset: 1 });
    expect((await readAll(output)).map(({ value }) => String(value))).toEqual(values);
    await mine.close();
  });

  it('commits many transactions one right after the other', async () => {
    const { input, output, groupId, sink } = await setUp();
    const mine = sink();
    await mine.open();
    for (let next = 1; next <= 60; next += 1) {
      await mine.commit({ outputs: [toOutput(output, String(next))], nextOffset: next });
    }
    expect(await readAll(output)).toHaveLength(60);
    expect((await fetchCommitted(kafka, groupId, input)).get(1)).toBe(60);
    await mine.close();
  });
});

describe('reading the log', () => {
  it('leaves out what an aborted transaction wrote, and ends where the log did', async () => {
    const { output } = await setUp();
    const producer = kafka.producer({ transactionalId: `${output}-tx`, maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    const send = async (value: string, end: 'commit' | 'abort') => {
      const transaction = await producer.transaction();
      await transaction.send({ topic: output, messages: [{ partition: 0, key: null, value }] });
      await transaction[end]();
    };
    await send('a', 'commit');
    await send('b', 'abort');
    await send('c', 'commit');
    await producer.disconnect();
    expect((await readAll(output)).map(({ value }) => String(value))).toEqual(['a', 'c']);
    const raw: string[] = [];
    for await (const { value } of readLog({ kafka, topic: output, isolation: 'uncommitted' })) raw.push(String(value));
    expect(raw).toEqual(['a', 'b', 'c']);
    // Each transaction left a control record behind its own.
    expect((await fetchOffsets(kafka, output)).get(0)).toEqual({ start: 0, end: 6 });
  });

  it('follows a partition from an offset, past control records, and tells where the log ends', async () => {
    const { input, output, sink } = await setUp();
    const mine = sink();
    await mine.open();
    await mine.commit({ outputs: [toOutput(output, 'zero'), toOutput(output, 'one')], nextOffset: 1 });
    const source = createLogSource({ kafka, topic: output, log: silentLog, maxWaitMs: 20 });
    await source.start();
    const reader = source.read(1, 1);
    const first = await reader.next(5000);
    expect(first?.records.map(({ offset, value }) => [offset, String(value)])).toEqual([[1, 'one']]);
    expect(first).toMatchObject({ nextOffset: 3, endOffset: 3 });
    expect(await reader.next(30)).toBeUndefined();
    await mine.commit({ outputs: [toOutput(output, 'three')], nextOffset: 2 });
    expect((await reader.next(5000))?.records.map(({ offset }) => offset)).toEqual([3]);
    reader.close();
    const behind = source.read(0, 5);
    await expect(behind.next(5000)).rejects.toMatchObject({ code: 'FS_LOG_TRUNCATED' });
    behind.close();
    expect(await source.offsets(1)).toEqual({ start: 0, end: 5 });
    await source.stop();
    await mine.close();
    expect(input).not.toBe(output);
  });

  it('reads the append time of the broker where the topic says so, and headers as they are', async () => {
    const topic = `append-time-${randomUUID()}`;
    await ensureTopics(kafka, [{ name: topic, partitions: 1, config: { 'message.timestamp.type': 'LogAppendTime' } }]);
    const appender = createPartitionAppender({ kafka, topic });
    await appender.start();
    await appender.append({ partition: 0, key: 'ü', value: 'välue' });
    await appender.stop();
    const [record] = await readAll(topic);
    expect(String(record?.key)).toBe('ü');
    expect(String(record?.value)).toBe('välue');
    expect(Math.abs((record?.timestampMs ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(record?.headers.map(({ name, value }) => [name, String(value)])).toEqual([
      ['content-type', 'application/cloudevents+json'],
    ]);
  });

  it('refuses a topic with another partition count', async () => {
    const topic = `count-${randomUUID()}`;
    await ensureTopics(kafka, [{ name: topic, partitions: 2, config: {} }]);
    await ensureTopics(kafka, [{ name: topic, partitions: 2, config: {} }]);
    const other = ensureTopics(kafka, [{ name: topic, partitions: 3, config: {} }]);
    await expect(other).rejects.toMatchObject({ code: 'FS_CONFIG_INVALID' });
  });
});
