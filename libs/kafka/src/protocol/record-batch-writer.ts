import { crc32c } from '@fleetstream/kernel';
import { type FrameWriter } from './frame-writer.ts';

export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

export interface BatchHead extends ProducerIdentity {
  readonly firstSequence: number;
  readonly isTransactional: boolean;
  /** Of all its records; a LogAppendTime topic puts its own in its place. */
  readonly timestampMs: number;
}

/** Text is written as UTF-8. */
export type RecordBytes = string | Buffer | null;

const headBytes = 61;
const crcFromAt = 21;
const transactionalFlag = 0x10;
/** Attributes, timestamp delta and the varints of the offset delta, the lengths of key and value, and of the whole. */
const recordOverheadBytes = 2 + 4 * 5;

/**
 * Writes record batches (magic 2, https://kafka.apache.org/documentation/#recordbatch), uncompressed, into a frame.
 * It makes no object per record: kafkajs makes several, and one more per header.
 *
 * Use: `begin`, `add` …, `end`.
 */
export class RecordBatchWriter {
  readonly #writer: FrameWriter;
  #start = 0;
  #lastRecordStart = 0;
  #count = 0;
  /** Guesses that the next value is ASCII as the last was, so that its length needs no pass of its own. */
  #isAscii = true;

  constructor(writer: FrameWriter) {
    this.#writer = writer;
  }

  get count(): number {
    return this.#count;
  }

  get sizeBytes(): number {
    return this.#writer.at - this.#start;
  }

  begin(head: BatchHead): void {
    const writer = this.#writer;
    writer.reserve(headBytes);
    const { bytes } = writer;
    const start = writer.at;
    const timestamp = BigInt(head.timestampMs);
    bytes.fill(0, start, start + headBytes);
    bytes.writeInt32BE(-1, start + 12);
    bytes.writeInt8(2, start + 16);
    bytes.writeInt16BE(head.isTransactional ? transactionalFlag : 0, start + 21);
    bytes.writeBigInt64BE(timestamp, start + 27);
    bytes.writeBigInt64BE(timestamp, start + 35);
    bytes.writeBigInt64BE(head.producerId, start + 43);
    bytes.writeInt16BE(head.producerEpoch, start + 51);
    bytes.writeInt32BE(head.firstSequence, start + 53);
    this.#start = start;
    this.#count = 0;
    writer.at = start + headBytes;
  }

  /** `headers` as `encodeHeaders` made it. */
  add(key: RecordBytes, value: RecordBytes, headers: Buffer): void {
    const writer = this.#writer;
    this.#lastRecordStart = writer.at;
    writer.reserve(recordOverheadBytes + mostBytes(key) + mostBytes(value) + headers.length);
    if (typeof value === 'string' && this.#isAscii) {
      if (this.#write(key, value, value.length, headers)) return;
      writer.at = this.#lastRecordStart;
      this.#count -= 1;
      this.#isAscii = false;
    }
    const valueBytes = exactBytes(value);
    this.#isAscii = typeof value === 'string' ? valueBytes === value.length : this.#isAscii;
    this.#write(key, value, valueBytes, headers);
  }

  /** Takes the last record back, once. */
  undo(): void {
    this.#writer.at = this.#lastRecordStart;
    this.#count -= 1;
  }

  /** Fills in what is known only now: length, count and checksum. */
  end(): void {
    const { bytes, at } = this.#writer;
    const start = this.#start;
    bytes.writeInt32BE(at - start - 12, start + 8);
    bytes.writeInt32BE(this.#count - 1, start + 23);
    bytes.writeInt32BE(this.#count, start + 57);
    bytes.writeUInt32BE(crc32c(bytes, start + crcFromAt, at), start + 17);
  }

  /** @returns whether the value took the bytes that it was said to take */
  #write(key: RecordBytes, value: RecordBytes, valueBytes: number, headers: Buffer): boolean {
    const { bytes } = this.#writer;
    const keyBytes = exactBytes(key);
    const offsetDelta = this.#count;
    const bodyBytes =
      2 +
      sizeOfVarint(offsetDelta) +
      sizeOfVarint(keyBytes) +
      Math.max(keyBytes, 0) +
      sizeOfVarint(valueBytes) +
      Math.max(valueBytes, 0) +
      headers.length;
    let at = writeVarint(bytes, this.#writer.at, bodyBytes);
    bytes[at++] = 0;
    bytes[at++] = 0;
    at = writeVarint(bytes, at, offsetDelta);
    at = writeVarint(bytes, at, keyBytes);
    if (key !== null) at = writeContent(bytes, at, key, keyBytes);
    at = writeVarint(bytes, at, valueBytes);
    const valueAt = at;
    if (value !== null) at = typeof value === 'string' ? at + bytes.write(value, at) : at + value.copy(bytes, at);
    const fits = value === null || at - valueAt === valueBytes;
    this.#writer.at = at + headers.copy(bytes, at);
    this.#count += 1;
    return fits;
  }
}

/** One header block for many records: its count, names and values. */
export function encodeHeaders(headers: Readonly<Record<string, string | Buffer>>): Buffer {
  const entries = Object.entries(headers);
  const parts = [encodeVarint(entries.length)];
  for (const [name, value] of entries) {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    parts.push(encodeVarint(Buffer.byteLength(name)), Buffer.from(name), encodeVarint(bytes.length), bytes);
  }
  return Buffer.concat(parts);
}

function encodeVarint(value: number): Buffer {
  const bytes = Buffer.alloc(sizeOfVarint(value));
  writeVarint(bytes, 0, value);
  return bytes;
}

/** A UTF-16 unit is three bytes of UTF-8 at most. */
function mostBytes(value: RecordBytes): number {
  if (value === null) return 0;
  return typeof value === 'string' ? value.length * 3 : value.length;
}

/** -1, as the protocol has it, for what isn't there. */
function exactBytes(value: RecordBytes): number {
  if (value === null) return -1;
  if (typeof value !== 'string') return value.length;
  return value.length <= shortChars && isAscii(value) ? value.length : Buffer.byteLength(value);
}

/** Up to here a loop is faster than a call into C++. */
const shortChars = 32;

function isAscii(value: string): boolean {
  for (let index = 0; index < value.length; index += 1) if (value.charCodeAt(index) > 127) return false;
  return true;
}

function writeContent(bytes: Buffer, at: number, value: string | Buffer, sizeBytes: number): number {
  if (typeof value !== 'string') return at + value.copy(bytes, at);
  if (sizeBytes !== value.length || sizeBytes > shortChars) return at + bytes.write(value, at);
  for (let index = 0; index < sizeBytes; index += 1) bytes[at + index] = value.charCodeAt(index);
  return at + sizeBytes;
}

function sizeOfVarint(value: number): number {
  let left = ((value << 1) ^ (value >> 31)) >>> 0;
  let sizeBytes = 1;
  for (; left > 127; left >>>= 7) sizeBytes += 1;
  return sizeBytes;
}

function writeVarint(bytes: Buffer, at: number, value: number): number {
  let left = ((value << 1) ^ (value >> 31)) >>> 0;
  let to = at;
  for (; left > 127; left >>>= 7) bytes[to++] = (left & 127) | 128;
  bytes[to++] = left;
  return to;
}
