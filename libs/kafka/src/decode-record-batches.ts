import { type LogHeader, type LogRecord } from './log-record.ts';

export interface DecodedBatches {
  readonly records: LogRecord[];
  /** Where the next fetch begins: past control records and records that compaction took away, too. */
  readonly nextOffset: number;
}

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

export interface DecodeOptions {
  readonly partition: number;
  /** Records before it are left out: a broker answers with whole batches. */
  readonly fromOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  readonly decompress: (attributes: number, bytes: Buffer) => Promise<Buffer>;
}

const batchHeaderBytes = 61;
const compressionMask = 0x07;
const logAppendTimeFlag = 0x08;
const transactionalFlag = 0x10;
const controlFlag = 0x20;

/**
 * Decodes the record batches (magic 2, https://kafka.apache.org/documentation/#recordbatch) of one partition of a
 * fetch answer. A batch that was cut off at the end is left for the next fetch. Records of aborted transactions and
 * control records are left out as KIP-98 says.
 */
export async function decodeRecordBatches(bytes: Buffer, options: DecodeOptions): Promise<DecodedBatches> {
  const records: LogRecord[] = [];
  const aborting = new AbortedProducers(options.aborted);
  let nextOffset = options.fromOffset;
  let at = 0;
  while (at + batchHeaderBytes <= bytes.length) {
    const batch = readBatchHeader(bytes, at);
    if (batch.end > bytes.length) break;
    if (batch.lastOffset >= options.fromOffset) {
      if (aborting.hides(batch, bytes) === 'no') {
        const packed = bytes.subarray(at + batchHeaderBytes, batch.end);
        const body = batch.compression === 0 ? packed : await options.decompress(batch.attributes, packed);
        readRecords(body, batch, options, records);
      }
      nextOffset = batch.lastOffset + 1;
    }
    at = batch.end;
  }
  return { records, nextOffset };
}

interface BatchHeader {
  readonly start: number;
  readonly end: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly attributes: number;
  readonly compression: number;
  readonly baseTimestampMs: number;
  readonly maxTimestampMs: number;
  readonly producerId: bigint;
  readonly count: number;
}

function readBatchHeader(bytes: Buffer, start: number): BatchHeader {
  const magic = bytes.readInt8(start + 16);
  if (magic !== 2) throw new RangeError(`A record batch has magic ${magic}; only 2 (Kafka 0.11 and later) is read`);
  const baseOffset = Number(bytes.readBigInt64BE(start));
  const attributes = bytes.readInt16BE(start + 21);
  return {
    start,
    end: start + 12 + bytes.readInt32BE(start + 8),
    baseOffset,
    lastOffset: baseOffset + bytes.readInt32BE(start + 23),
    attributes,
    compression: attributes & compressionMask,
    baseTimestampMs: Number(bytes.readBigInt64BE(start + 27)),
    maxTimestampMs: Number(bytes.readBigInt64BE(start + 35)),
    producerId: bytes.readBigInt64BE(start + 43),
    count: bytes.readInt32BE(start + 57),
  };
}

/** Which producers are inside an aborted transaction at this place of the log. */
class AbortedProducers {
  private readonly waiting: AbortedTransaction[];
  private readonly open = new Set<bigint>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.waiting = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  }

  hides(batch: BatchHeader, bytes: Buffer): 'no' | 'aborted' | 'control' {
    for (
      let next = this.waiting[0];
      next !== undefined && next.firstOffset <= batch.lastOffset;
      next = this.waiting[0]
    ) {
      this.open.add(next.producerId);
      this.waiting.shift();
    }
    if ((batch.attributes & controlFlag) !== 0) {
      if (isAbortMarker(bytes, batch)) this.open.delete(batch.producerId);
      return 'control';
    }
    return (batch.attributes & transactionalFlag) !== 0 && this.open.has(batch.producerId) ? 'aborted' : 'no';
  }
}

/** A control record's key is version INT16, type INT16: 0 aborts, 1 commits. Control batches are never compressed. */
function isAbortMarker(bytes: Buffer, batch: BatchHeader): boolean {
  const cursor: Cursor = { at: batch.start + batchHeaderBytes };
  readVarint(bytes, cursor);
  cursor.at += 1;
  readVarlong(bytes, cursor);
  readVarint(bytes, cursor);
  readVarint(bytes, cursor);
  return bytes.readInt16BE(cursor.at + 2) === 0;
}

function readRecords(bytes: Buffer, batch: BatchHeader, options: DecodeOptions, into: LogRecord[]): void {
  const cursor: Cursor = { at: 0 };
  const appendTimeMs = (batch.attributes & logAppendTimeFlag) !== 0 ? batch.maxTimestampMs : undefined;
  for (let index = 0; index < batch.count; index += 1) {
    const length = readVarint(bytes, cursor);
    const end = cursor.at + length;
    cursor.at += 1;
    const timestampDelta = readVarlong(bytes, cursor);
    const offset = batch.baseOffset + readVarint(bytes, cursor);
    if (offset >= options.fromOffset) {
      const key = readBytes(bytes, cursor);
      const value = readBytes(bytes, cursor);
      const headers = readHeaders(bytes, cursor);
      into.push({
        partition: options.partition,
        offset,
        timestampMs: appendTimeMs ?? batch.baseTimestampMs + timestampDelta,
        key,
        value,
        contentType: contentTypeOf(headers),
        headers,
      });
    }
    cursor.at = end;
  }
}

interface Cursor {
  at: number;
}

const noHeaders: readonly LogHeader[] = [];

function readHeaders(bytes: Buffer, cursor: Cursor): readonly LogHeader[] {
  const count = readVarint(bytes, cursor);
  if (count === 0) return noHeaders;
  const headers: LogHeader[] = [];
  for (let index = 0; index < count; index += 1) {
    const nameBytes = readVarint(bytes, cursor);
    const name = bytes.toString('latin1', cursor.at, cursor.at + nameBytes);
    cursor.at += nameBytes;
    headers.push({ name, value: readBytes(bytes, cursor) });
  }
  return headers;
}

function contentTypeOf(headers: readonly LogHeader[]): string | undefined {
  for (const header of headers) if (header.name === 'content-type') return header.value?.toString('latin1');
  return undefined;
}

function readBytes(bytes: Buffer, cursor: Cursor): Buffer | null {
  const length = readVarint(bytes, cursor);
  if (length < 0) return null;
  const found = bytes.subarray(cursor.at, cursor.at + length);
  cursor.at += length;
  return found;
}

/** Zigzag, 32 bits. */
function readVarint(bytes: Buffer, cursor: Cursor): number {
  let shift = 0;
  let raw = 0;
  let byte: number;
  do {
    byte = bytes[cursor.at++] ?? 0;
    raw |= (byte & 127) << shift;
    shift += 7;
  } while (byte > 127);
  return (raw >>> 1) ^ -(raw & 1);
}

/** Zigzag, up to 64 bits; exact while it fits a double, which timestamps do. */
function readVarlong(bytes: Buffer, cursor: Cursor): number {
  let factor = 1;
  let raw = 0;
  let byte: number;
  do {
    byte = bytes[cursor.at++] ?? 0;
    raw += (byte & 127) * factor;
    factor *= 128;
  } while (byte > 127);
  return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
}
