import { type Log, silentLog } from '@fleetstream/kernel';
import { ConfigResourceTypes } from 'kafkajs';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ensureTopics } from './ensure-topics.ts';
import { createKafkaClient } from './kafka-client.ts';
import { createCluster } from './kafkajs-inside.ts';
import { fetchCommitted, fetchOffsets } from './log-offsets.ts';
import { openTransactionSession } from './open-transaction-session.ts';
import { FrameWriter } from './protocol/frame-writer.ts';
import { sendFrame } from './protocol/send-frame.ts';
import { readTxnOffsetCommitAnswer, writeTxnOffsetCommit } from './protocol/transaction-requests.ts';
import { readLog } from './read-log.ts';
import { createTransactionalSink, type TransactionalSinkOptions } from './transactional-sink.ts';

const kafka = createKafkaClient({ brokers: [inject('kafkaBrokers')], clientId: 'hanging', log: silentLog });

/** Without it a broker takes records of a transaction that its coordinator knows nothing of. */
async function verifyPartitions(value: boolean): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  const configEntries = [{ name: 'transaction.partition.verification.enable', value: String(value) }];
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: ConfigResourceTypes.BROKER, name: '1', configEntries }],
  });
  await admin.disconnect();
}

async function setUp() {
  const name = `hanging-${randomUUID()}`;
  const [input, first, second] = [`${name}-in`, `${name}-a`, `${name}-b`];
  await ensureTopics(
    kafka,
    [input, first, second].map((topic) => ({ name: topic, partitions: 1, config: {} })),
  );
  const told: string[] = [];
  const log: Log = { ...silentLog, error: (_fields, message) => told.push(message) };
  const options: TransactionalSinkOptions = {
    ...{ kafka, transactionalId: name, groupId: name, inputTopic: input, partition: 0 },
    ...{ outputTopics: [first, second], log },
  };
  const written = async (topic: string) => {
    const values: string[] = [];
    for await (const { value } of readLog({ kafka, topic })) values.push(String(value));
    return values;
  };
  return { ...{ input, first, second, told, options, written }, sink: createTransactionalSink(options) };
}

/** Leaves records and an offset that no end of a transaction will reach. */
async function hang(options: TransactionalSinkOptions, topic: string, nextOffset: number): Promise<void> {
  const cluster = createCluster(kafka, 'committed');
  const session = await openTransactionSession(cluster, { ...options, transactionVersion: 1 });
  const { clientId, transactionalId, groupId, identity, protocol } = session;
  await session.outputs.write([{ topic, key: 'k', value: 'hangs' }], identity, 5000);
  const version = protocol.txnOffsetCommit;
  const place = { topic: options.inputTopic, partition: 0, nextOffset, member: undefined };
  const request = { clientId, transactionalId, groupId, ...identity, ...place };
  const frame = writeTxnOffsetCommit(new FrameWriter(), version, request);
  await session.coordinators.with('group', async (broker) => {
    readTxnOffsetCommitAnswer(await sendFrame(broker, 'TxnOffsetCommit', frame), version);
  });
  await cluster.disconnect();
}

beforeAll(() => verifyPartitions(false));
afterAll(() => verifyPartitions(true));

describe('what hangs because the broker lost the end of its transaction', () => {
  it.each([{ version: 1 as const }, { version: 2 as const }])(
    'is committed with its offset, once (version $version)',
    async ({ version }) => {
      const { options, first, second, told, input, written } = await setUp();
      const sink = createTransactionalSink({ ...options, transactionVersion: version });
      expect(await sink.open()).toBeUndefined();
      await sink.commit({ outputs: [{ topic: first, key: 'k', value: 'one' }], nextOffset: 1 });
      await hang(options, first, 7);
      expect(await sink.open()).toBe(7);
      expect(told).toHaveLength(1);
      await sink.commit({
        outputs: [first, second].map((topic) => ({ topic, key: 'k', value: 'two' })),
        nextOffset: 8,
      });
      await sink.close();
      expect(await written(first)).toEqual(['one', 'hangs', 'two']);
      expect(await written(second)).toEqual(['two']);
      expect((await fetchCommitted(kafka, options.groupId, input)).get(0)).toBe(8);
    },
  );

  it('holds readers up until it has its end', async () => {
    const { options, second, told, sink, written } = await setUp();
    await hang(options, second, 3);
    expect(await sink.open()).toBe(3);
    expect(told).toHaveLength(1);
    expect((await fetchOffsets(kafka, second)).get(0)?.end).toBe(2);
    expect(await written(second)).toEqual(['hangs']);
    await sink.close();
  });
});
