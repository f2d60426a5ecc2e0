import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { AnswerReader } from './answer-reader.ts';
import { FrameWriter, setCorrelationId } from './frame-writer.ts';
import {
  beginProduce,
  beginProducePartition,
  beginProduceTopic,
  endProduce,
  endProducePartition,
  endProduceTopic,
} from './produce-request.ts';
import { encodeHeaders, RecordBatchWriter } from './record-batch-writer.ts';
import { writeEndTxn, writeInitProducerId, writeTxnOffsetCommit } from './transaction-requests.ts';

const load = createRequire(import.meta.url);
interface KafkajsRequest {
  readonly encode: () => Promise<object>;
}
const byKafkajs = (path: string): ((options: object) => KafkajsRequest) =>
  load(`kafkajs/src/protocol/requests/${path}/request.js`) as (options: object) => KafkajsRequest;
const frameByKafkajs = load('kafkajs/src/protocol/request.js') as (options: object) => Promise<{ buffer: Buffer }>;
const Long = load('kafkajs/src/utils/long.js') as { fromValue(value: bigint): object };

async function expectSameFrame(own: Buffer, request: KafkajsRequest): Promise<void> {
  setCorrelationId(own, 1234);
  const { buffer } = await frameByKafkajs({ request, correlationId: 1234, clientId: 'ä client' });
  expect(own.toString('hex')).toBe(buffer.toString('hex'));
}

const identity = { producerId: 4711n, producerEpoch: 5 };
const inside = { transactionalId: 'my tx', producerId: Long.fromValue(4711n), producerEpoch: 5 };
const head = { clientId: 'ä client', transactionalId: 'my tx' };

describe('requests in versions that kafkajs has', () => {
  it('InitProducerId is the same to the byte', async () => {
    const own = writeInitProducerId(new FrameWriter(), 1, { ...head, transactionTimeoutMs: 30_000 });
    const request = byKafkajs('initProducerId/v1')({ transactionalId: 'my tx', transactionTimeout: 30_000 });
    await expectSameFrame(own, request);
  });

  it('EndTxn is the same to the byte', async () => {
    const own = writeEndTxn(new FrameWriter(), 1, { ...head, ...identity, commits: true });
    await expectSameFrame(own, byKafkajs('endTxn/v1')({ ...inside, transactionResult: true }));
  });

  it('TxnOffsetCommit is the same to the byte', async () => {
    const place = { groupId: 'group', topic: 'in', partition: 3, nextOffset: 2 ** 40, member: undefined };
    const own = writeTxnOffsetCommit(new FrameWriter(), 1, { ...head, ...identity, ...place });
    const topics = [{ topic: 'in', partitions: [{ partition: 3, offset: String(2 ** 40), metadata: '' }] }];
    await expectSameFrame(own, byKafkajs('txnOffsetCommit/v1')({ ...inside, groupId: 'group', topics }));
  });

  it('Produce is the same but for the timestamps and the leader epoch, which clients need not know', async () => {
    const messages = Array.from({ length: 30 }, (_, index) => ({
      key: `k${index}`,
      value: `välue ${index}`,
      headers: { 'content-type': 'application/json' },
      timestamp: 1_790_000_000_000,
    }));
    const writer = new FrameWriter();
    const batch = new RecordBatchWriter(writer);
    beginProduce(writer, { ...head, version: 7, timeoutMs: 1000, topicCount: 1 });
    beginProduceTopic(writer, 'out', 1);
    const begun = beginProducePartition(writer, 2);
    batch.begin({ ...identity, firstSequence: 9, isTransactional: true, timestampMs: 1_790_000_000_000 });
    const headers = encodeHeaders({ 'content-type': 'application/json' });
    for (const { key, value } of messages) batch.add(key, value, headers);
    batch.end();
    endProducePartition(writer, begun);
    endProduceTopic(writer);
    const own = endProduce(writer);
    const partitions = [{ partition: 2, firstSequence: 9, messages }];
    const options = { ...inside, acks: -1, timeout: 1000, compression: 0, topicData: [{ topic: 'out', partitions }] };
    const { buffer } = await frameByKafkajs({
      request: byKafkajs('produce/v7')(options),
      correlationId: 0,
      clientId: 'ä client',
    });
    const withoutFreedom = (frame: Buffer): string => {
      const copy = Buffer.from(frame);
      const batchAt = begun;
      // The leader epoch, and the checksum (over everything else, which is compared).
      copy.fill(0, batchAt + 12, batchAt + 16).fill(0, batchAt + 17, batchAt + 21);
      return copy.toString('hex');
    };
    expect(withoutFreedom(own)).toBe(withoutFreedom(buffer));
  });
});

describe('flexible versions', () => {
  it('come back through the reader, whatever the length', () => {
    const texts = ['', 'a', 'ü'.repeat(100), 'x'.repeat(20_000), null];
    const writer = new FrameWriter();
    writer.begin({ apiKey: 1, apiVersion: 2, clientId: 'c', flexible: true });
    const bodyAt = writer.at - 1;
    writer.arrayLength(texts.length);
    for (const text of texts) writer.string(text);
    const begun = writer.beginBytes();
    for (let index = 0; index < 300; index += 1) writer.int8(7);
    writer.endBytes(begun);
    writer.tags();
    const frame = writer.end();
    expect(frame.readInt32BE(0)).toBe(frame.length - 4);
    const reader = new AnswerReader(frame.subarray(bodyAt), true);
    expect(reader.arrayLength()).toBe(texts.length);
    for (const text of texts) expect(reader.string()).toBe(text);
    expect(reader.unsignedVarint()).toBe(301);
  });

  it('may hold tagged fields that are not known here', () => {
    const bytes = Buffer.from([2, 0, 1, 99, 5, 2, 8, 8, 0, 42]);
    expect(new AnswerReader(bytes, true).int16()).toBe(42);
  });
});
