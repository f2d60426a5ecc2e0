import { crc32c } from '@fleetstream/kernel';
import fc from 'fast-check';
import { createRequire } from 'node:module';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeRecordBatches, type AbortedTransaction } from './decode-record-batches.ts';
import { type LogRecord } from './log-record.ts';
import { FrameWriter } from './protocol/frame-writer.ts';
import { encodeHeaders, RecordBatchWriter } from './protocol/record-batch-writer.ts';

const load = createRequire(import.meta.url);
const kafkajsBatch = load('kafkajs/src/protocol/recordBatch/v0/index.js') as {
  RecordBatch(batch: object): Promise<{ buffer: Buffer }>;
};
const kafkajsRecord = load('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (record: object) => object;
const Long = load('kafkajs/src/utils/long.js') as { fromValue(value: number | bigint): object };

const timestampMs = 1_790_000_000_000;

interface BatchOptions {
  readonly baseOffset?: number;
  readonly producerId?: bigint;
  readonly isTransactional?: boolean;
}

function encode(values: readonly string[], options: BatchOptions = {}): Buffer {
  const { baseOffset = 0, producerId = -1n, isTransactional = false } = options;
  const writer = new FrameWriter();
  const batch = new RecordBatchWriter(writer);
  batch.begin({ producerId, producerEpoch: 0, firstSequence: 0, isTransactional, timestampMs });
  const headers = encodeHeaders({ 'content-type': 'application/json' });
  for (const value of values) batch.add('key', value, headers);
  batch.end();
  const bytes = Buffer.from(writer.bytes.subarray(0, writer.at));
  bytes.writeBigInt64BE(BigInt(baseOffset), 0);
  return bytes;
}

/** Changes a batch and makes its checksum right again. */
function change(batch: Buffer, mend: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(batch);
  mend(bytes);
  bytes.writeUInt32BE(crc32c(bytes, 21, bytes.length), 17);
  return bytes;
}

/** The batch with its records packed as a producer would, whose attributes say so. */
function compress(batch: Buffer, codec: number, pack: (bytes: Buffer) => Buffer): Buffer {
  const whole = Buffer.concat([batch.subarray(0, 61), pack(batch.subarray(61))]);
  return change(whole, (bytes) => {
    bytes.writeInt32BE(bytes.length - 12, 8);
    bytes.writeInt16BE(codec, 21);
  });
}

/** A control record: version 0, type 0 aborts and 1 commits. */
function marker(baseOffset: number, producerId: bigint, type: 0 | 1): Buffer {
  const writer = new FrameWriter();
  const batch = new RecordBatchWriter(writer);
  batch.begin({ producerId, producerEpoch: 0, firstSequence: -1, isTransactional: true, timestampMs });
  batch.add(Buffer.from([0, 0, 0, type]), Buffer.alloc(6), encodeHeaders({}));
  batch.end();
  const bytes = Buffer.from(writer.bytes.subarray(0, writer.at));
  bytes.writeBigInt64BE(BigInt(baseOffset), 0);
  return change(bytes, (mended) => mended.writeInt16BE(0x30, 21));
}

async function decode(
  bytes: Buffer,
  options: { fromOffset?: number; aborted?: readonly AbortedTransaction[] } = {},
): Promise<{ records: LogRecord[]; nextOffset: number }> {
  const decoded = await decodeRecordBatches(bytes, { partition: 3, fromOffset: 0, aborted: [], ...options });
  return { records: decoded.toRecords(), nextOffset: decoded.nextOffset };
}

const text = ({ records }: { records: readonly LogRecord[] }): string[] => records.map(({ value }) => String(value));
const corrupt = { code: 'FS_LOG_CORRUPT' };

describe('decodeRecordBatches', () => {
  const headerName = fc.string({ maxLength: 9 }).map((name) => `h-${name}`);
  const record = fc.record({
    key: fc.option(fc.string({ unit: 'binary', maxLength: 40 }), { nil: null }),
    value: fc.option(fc.string({ unit: 'binary', maxLength: 300 }), { nil: null }),
    headers: fc.dictionary(headerName, fc.string({ unit: 'binary' }), { maxKeys: 3 }),
    lagMs: fc.integer({ min: 0, max: 2 ** 40 }),
  });

  it('reads whatever kafkajs writes', async () => {
    const check = async (records: { key: string | null; value: string | null; headers: object; lagMs: number }[]) => {
      const encoded = await kafkajsBatch.RecordBatch({
        firstTimestamp: timestampMs,
        maxTimestamp: timestampMs,
        lastOffsetDelta: records.length - 1,
        producerId: Long.fromValue(-1),
        records: records.map(({ key, value, headers, lagMs }, offsetDelta) =>
          kafkajsRecord({ key, value, headers, offsetDelta, timestampDelta: lagMs }),
        ),
      });
      const read = await decode(encoded.buffer);
      expect(read.nextOffset).toBe(records.length);
      expect(
        read.records.map(({ key, value, headers, timestampMs: atMs, offset }) => ({
          offset,
          key: key?.toString() ?? null,
          value: value?.toString() ?? null,
          headers: Object.fromEntries(headers.map((header) => [header.name, String(header.value)])),
          lagMs: atMs - timestampMs,
        })),
      ).toEqual(records.map((given, offset) => ({ ...given, headers: { ...given.headers }, offset })));
    };
    await fc.assert(fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 20 }), check));
  });

  it('begins inside a batch and leaves one that was cut off for the next fetch', async () => {
    const bytes = Buffer.concat([encode(['a', 'b', 'c']), encode(['d', 'e'], { baseOffset: 3 })]);
    expect(text(await decode(bytes, { fromOffset: 1 }))).toEqual(['b', 'c', 'd', 'e']);
    const cut = await decode(bytes.subarray(0, bytes.length - 1));
    expect([text(cut), cut.nextOffset]).toEqual([['a', 'b', 'c'], 3]);
  });

  it.each([
    { name: 'gzip', codec: 1, pack: gzipSync },
    { name: 'zstd', codec: 4, pack: zstdCompressSync },
  ])('reads $name', async ({ codec, pack }) => {
    expect(text(await decode(compress(encode(['a', 'b']), codec, pack)))).toEqual(['a', 'b']);
  });

  it.each([
    { name: 'snappy', codec: 2, message: 'snappy' },
    { name: 'lz4', codec: 3, message: 'lz4' },
    { name: 'a gzip that is none', codec: 1, message: "can't be unpacked" },
  ])('refuses $name by name', async ({ codec, message }) => {
    const bytes = compress(encode(['a']), codec, (records) => records);
    await expect(decode(bytes)).rejects.toThrow(message);
    await expect(decode(bytes)).rejects.toMatchObject(corrupt);
  });

  it('leaves out aborted transactions and control records, and goes on behind them', async () => {
    const transactional = { producerId: 7n, isTransactional: true };
    const bytes = Buffer.concat([
      encode(['aborted'], transactional),
      encode(['of another'], { baseOffset: 1, producerId: 8n, isTransactional: true }),
      marker(2, 7n, 0),
      encode(['later'], { ...transactional, baseOffset: 3 }),
      marker(4, 7n, 1),
    ]);
    const read = await decode(bytes, { aborted: [{ producerId: 7n, firstOffset: 0 }] });
    expect([text(read), read.nextOffset]).toEqual([['of another', 'later'], 5]);
  });
});

describe('a damaged batch', () => {
  const good = encode(['a', 'b']);

  it('is never folded, whichever bit of what its checksum covers is wrong', async () => {
    const bit = fc.integer({ min: 17 * 8, max: good.length * 8 - 1 });
    await fc.assert(
      fc.asyncProperty(bit, async (at) => {
        const bytes = Buffer.from(good);
        bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (1 << (at & 7));
        await expect(decode(bytes)).rejects.toMatchObject(corrupt);
      }),
    );
  });

  it('ends the stretch before it, and is an error when it comes first', async () => {
    const bad = Buffer.from(encode(['c'], { baseOffset: 2 }));
    bad[70] = (bad[70] ?? 0) ^ 1;
    const read = await decode(Buffer.concat([good, bad]));
    expect([text(read), read.nextOffset]).toEqual([['a', 'b'], 2]);
    await expect(decode(bad, { fromOffset: 2 })).rejects.toMatchObject(corrupt);
  });

  it.each([
    { name: 'claims more bytes than came', mend: (bytes: Buffer) => bytes.writeInt32BE(1 << 30, 8) },
    { name: 'claims fewer bytes than a header', mend: (bytes: Buffer) => bytes.writeInt32BE(-5, 8) },
    { name: 'is of another format', mend: (bytes: Buffer) => bytes.writeInt8(1, 16) },
  ])('is refused when it $name', async ({ mend }) => {
    const bytes = Buffer.from(good);
    mend(bytes);
    await expect(decode(bytes)).rejects.toMatchObject(corrupt);
  });

  it('may not lie about its place behind another', async () => {
    const behind = encode(['c'], { baseOffset: 1 });
    const read = await decode(Buffer.concat([good, behind]));
    expect(read.nextOffset).toBe(2);
  });
});
