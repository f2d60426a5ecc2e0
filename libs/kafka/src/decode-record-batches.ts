import { AppError, crc32c } from '@fleetstream/kernel';
import { decompress } from './decompress.ts';
import { type LogHeader, type LogRecord } from './log-record.ts';

/** Batches whose checksums are right, not taken apart yet: as long as they wait they are bytes and not objects. */
export interface DecodedBatches {
  /** Where the next fetch begins: past control records and records that compaction took away, too. */
  readonly nextOffset: number;
  /** Makes the records. To be called once, right before they are used, so that they die young. */
  toRecords(): LogRecord[];
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
}

const batchHeaderBytes = 61;
const crcAt = 17;
const crcFromAt = 21;
const compressionMask = 0x07;
const logAppendTimeFlag = 0x08;
const transactionalFlag = 0x10;
const controlFlag = 0x20;

/**
 * Decodes the record batches (magic 2, https://kafka.apache.org/documentation/#recordbatch) of one partition of a
 * fetch answer. A batch that was cut off at the end is left for the next fetch; the first never is (KIP-74). Records of
 * aborted transactions and control records are left out as KIP-98 says.
 *
 * @throws AppError FS_LOG_CORRUPT when the first batch's bytes are not those that its producer sent; one further on
 * only ends the stretch before it, and is the first of the next fetch
 */
export async function decodeRecordBatches(bytes: Buffer, options: DecodeOptions): Promise<DecodedBatches> {
  const checked: { readonly body: Buffer; readonly batch: BatchHeader }[] = [];
  const aborting = new AbortedProducers(options.aborted);
  let nextOffset = options.fromOffset;
  let afterOffset = 0;
  let at = 0;
  while (at + batchHeaderBytes <= bytes.length) {
    const batch = readBatchHeader(bytes, at);
    if (at > 0 && batch.end > bytes.length) break;
    const damage = findDamage(bytes, batch, afterOffset);
    if (damage !== undefined) {
      if (nextOffset > options.fromOffset) break;
      throw new AppError('FS_LOG_CORRUPT', `Partition ${options.partition} at offset ${batch.baseOffset}: ${damage}`);
    }
    if (batch.lastOffset >= options.fromOffset) {
      if (aborting.hides(batch, bytes) === 'no') {
        const packed = bytes.subarray(at + batchHeaderBytes, batch.end);
        const body = batch.compression === 0 ? packed : await decompress(batch.compression, packed);
        checked.push({ body, batch });
      }
      nextOffset = batch.lastOffset + 1;
    }
    afterOffset = batch.lastOffset + 1;
    at = batch.end;
  }
  return {
    nextOffset,
    toRecords: () => {
      const records: LogRecord[] = [];
      for (const { body, batch } of checked) readRecords(body, batch, options, records);
      return records;
    },
  };
}

/** Neither TCP's checksum nor the broker's disk is beyond doubt, as Kafka's own clients know, too. */
function findDamage(bytes: Buffer, batch: BatchHeader, afterOffset: number): string | undefined {
  if (batch.magic !== 2) return `the batch has magic ${batch.magic}; only 2 (Kafka 0.11 and later) is read`;
  const { start, end, baseOffset, lastOffset } = batch;
  if (end < start + batchHeaderBytes || end > bytes.length) return `the batch claims ${end - start} bytes`;
  const said = bytes.readUInt32BE(start + crcAt);
  const found = crc32c(bytes, start + crcFromAt, end);
  if (said !== found) return `the batch's checksum is ${found.toString(16)}, not ${said.toString(16)}`;
  // The checksum doesn't cover the base offset, which the broker fills in.
  const isAfter = baseOffset >= afterOffset && lastOffset >= baseOffset;
  return isAfter ? undefined : `the batch reaches from offset ${baseOffset} to ${lastOffset}, after ${afterOffset}`;
}

interface BatchHeader {
  readonly start: number;
  readonly end: number;
  readonly magic: number;
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
  const baseOffset = Number(bytes.readBigInt64BE(start));
  const attributes = bytes.readInt16BE(start + 21);
  return {
    start,
    end: start + 12 + bytes.readInt32BE(start + 8),
    magic: bytes.readInt8(start + 16),
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
  const { partition } = options;
  const appendTimeMs = (batch.attributes & logAppendTimeFlag) !== 0 ? batch.maxTimestampMs : undefined;
  let block = noBlock;
  for (let index = 0; index < batch.count; index += 1) {
    const length = readVarint(bytes, cursor);
    const end = cursor.at + length;
    cursor.at += 1;
    const timestampDelta = readVarlong(bytes, cursor);
    const offset = batch.baseOffset + readVarint(bytes, cursor);
    if (offset >= options.fromOffset) {
      const key = readBytes(bytes, cursor);
      const value = readBytes(bytes, cursor);
      const timestampMs = appendTimeMs ?? batch.baseTimestampMs + timestampDelta;
      if (!isSameBlock(bytes, block, cursor.at, end)) block = readHeaderBlock(bytes, cursor.at, end);
      const { contentType, headers } = block;
      into.push({ partition, offset, timestampMs, key, value, contentType, headers });
    }
    cursor.at = end;
  }
}

interface Cursor {
  at: number;
}

/** The headers of a record, and where their bytes are: neighbours mostly have the same, and then share the objects. */
interface HeaderBlock {
  readonly start: number;
  readonly sizeBytes: number;
  readonly headers: readonly LogHeader[];
  readonly contentType: string | undefined;
}

const noBlock: HeaderBlock = { start: 0, sizeBytes: -1, headers: [], contentType: undefined };

function isSameBlock(bytes: Buffer, block: HeaderBlock, start: number, end: number): boolean {
  if (block.sizeBytes !== end - start) return false;
  for (let index = block.sizeBytes - 1; index >= 0; index -= 1) {
    if (bytes[block.start + index] !== bytes[start + index]) return false;
  }
  return true;
}

function readHeaderBlock(bytes: Buffer, start: number, end: number): HeaderBlock {
  const cursor: Cursor = { at: start };
  const count = readVarint(bytes, cursor);
  const headers: LogHeader[] = [];
  let contentType: string | undefined;
  for (let index = 0; index < count; index += 1) {
    const nameBytes = readVarint(bytes, cursor);
    const name = bytes.toString('utf8', cursor.at, cursor.at + nameBytes);
    cursor.at += nameBytes;
    const value = readBytes(bytes, cursor);
    if (name === 'content-type') contentType ??= value?.toString('latin1');
    headers.push({ name, value });
  }
  return { start, sizeBytes: end - start, headers, contentType };
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
