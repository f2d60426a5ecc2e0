import fc from 'fast-check';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { decodeRecordBatches } from '../decode-record-batches.ts';
import { FrameWriter } from './frame-writer.ts';
import { encodeHeaders, type RecordBytes, RecordBatchWriter } from './record-batch-writer.ts';

const load = createRequire(import.meta.url);
const Decoder = load('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => object;
const decodeByKafkajs = load('kafkajs/src/protocol/recordBatch/v0/decoder.js') as (decoder: object) => Promise<{
  producerId: string;
  producerEpoch: number;
  firstSequence: number;
  inTransaction: boolean;
  firstTimestamp: string;
  lastOffsetDelta: number;
  records: { offset: string; key: Buffer | null; value: Buffer | null; headers: Record<string, Buffer> }[];
}>;

interface Given {
  readonly key: RecordBytes;
  readonly value: RecordBytes;
  readonly headers: Readonly<Record<string, string>>;
}

const head = { producerId: 2n ** 53n + 1n, producerEpoch: 3, firstSequence: 77, timestampMs: 1_790_000_000_123 };

function encode(records: readonly Given[]): Buffer {
  const writer = new FrameWriter();
  const batch = new RecordBatchWriter(writer);
  batch.begin({ ...head, isTransactional: true });
  for (const { key, value, headers } of records) batch.add(key, value, encodeHeaders(headers));
  batch.end();
  return Buffer.from(writer.bytes.subarray(0, writer.at));
}

const toText = (bytes: RecordBytes): string | null => (bytes === null ? null : Buffer.from(bytes).toString('utf8'));

const content = fc.oneof(
  fc.constant(null),
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 400 }),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
);
/** kafkajs takes `valueOf` and the like for headers that are there already. */
const headerName = fc.string({ maxLength: 9 }).map((name) => `h-${name}`);
const headers = fc.dictionary(headerName, fc.string({ unit: 'binary' }), { maxKeys: 3 });
const records = fc.array(fc.record({ key: content, value: content, headers }), { minLength: 1, maxLength: 40 });

describe('RecordBatchWriter', () => {
  it('writes what kafkajs reads, and what our own reading finds whole', async () => {
    const check = async (given: readonly Given[]): Promise<void> => {
      const bytes = encode(given);
      const read = await decodeByKafkajs(new Decoder(bytes));
      expect(read).toMatchObject({
        producerId: String(head.producerId),
        producerEpoch: head.producerEpoch,
        firstSequence: head.firstSequence,
        inTransaction: true,
        firstTimestamp: String(head.timestampMs),
        lastOffsetDelta: given.length - 1,
      });
      const expected = given.map(({ key, value }) => [toText(key), toText(value)]);
      expect(read.records.map(({ key, value }) => [toText(key), toText(value)])).toEqual(expected);
      for (const [index, record] of read.records.entries()) {
        const texts = Object.entries(record.headers).map(([name, value]) => [name, String(value)]);
        expect(texts).toEqual(Object.entries(given[index]?.headers ?? {}));
      }
      const own = (await decodeRecordBatches(bytes, { partition: 0, fromOffset: 0, aborted: [] })).toRecords();
      expect(own.map(({ key, value }) => [toText(key), toText(value)])).toEqual(expected);
      expect(own.every(({ timestampMs }) => timestampMs === head.timestampMs)).toBe(true);
    };
    await fc.assert(fc.asyncProperty(records, check));
  });

  it.each([
    { name: 'ASCII after what is not', values: ['ascii', 'ümlaut', 'ascii again', '🤖'] },
    { name: 'half of a surrogate pair, as a replacement character', values: ['\ud83e', 'x\udd16'] },
    { name: 'what is longer than the buffer so far', values: ['x'.repeat(10_000), 'ü'.repeat(10_000)] },
  ])('writes $name', async ({ values }) => {
    const bytes = encode(values.map((value) => ({ key: value, value, headers: {} })));
    const read = await decodeByKafkajs(new Decoder(bytes));
    expect(read.records.map(({ value }) => toText(value))).toEqual(values.map((value) => value.toWellFormed()));
    expect(read.records.map(({ key }) => toText(key))).toEqual(values.map((value) => value.toWellFormed()));
  });

  it('takes the last record back', async () => {
    const writer = new FrameWriter();
    const batch = new RecordBatchWriter(writer);
    batch.begin({ ...head, isTransactional: false });
    for (const value of ['a', 'b', 'c']) batch.add(null, value, encodeHeaders({}));
    const { sizeBytes } = batch;
    batch.add(null, 'd', encodeHeaders({}));
    batch.undo();
    expect([batch.count, batch.sizeBytes]).toEqual([3, sizeBytes]);
    batch.end();
    const read = await decodeByKafkajs(new Decoder(writer.bytes.subarray(0, writer.at)));
    expect(read.records.map(({ value }) => String(value))).toEqual(['a', 'b', 'c']);
  });
});
