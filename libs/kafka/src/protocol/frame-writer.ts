const firstBytes = 4096;
const lengthBytes = 4;
const correlationIdAt = 8;

/**
 * Writes one request frame after another into one buffer that only grows: a frame is valid until the next `begin`,
 * so its answer has to be awaited first. Numbers are big-endian; in flexible versions (KIP-482) lengths are varints
 * and structures end with tagged fields, of which none is written.
 */
export class FrameWriter {
  bytes = Buffer.allocUnsafeSlow(firstBytes);
  at = 0;
  #flexible = false;

  begin(header: { apiKey: number; apiVersion: number; clientId: string | null; flexible: boolean }): void {
    this.at = lengthBytes;
    this.#flexible = header.flexible;
    this.int16(header.apiKey);
    this.int16(header.apiVersion);
    this.int32(0);
    // Stays a plain string in the flexible header too.
    this.#plainString(header.clientId);
    this.tags();
  }

  /** The whole frame; its correlation id is filled in by whoever sends it. */
  end(): Buffer {
    this.bytes.writeInt32BE(this.at - lengthBytes, 0);
    return this.bytes.subarray(0, this.at);
  }

  /** Makes room for so many more bytes, for those who write into `bytes` themselves. */
  reserve(sizeBytes: number): void {
    if (this.at + sizeBytes <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.at + sizeBytes));
    this.bytes.copy(grown, 0, 0, this.at);
    this.bytes = grown;
  }

  int8(value: number): void {
    this.reserve(1);
    this.at = this.bytes.writeInt8(value, this.at);
  }

  int16(value: number): void {
    this.reserve(2);
    this.at = this.bytes.writeInt16BE(value, this.at);
  }

  int32(value: number): void {
    this.reserve(4);
    this.at = this.bytes.writeInt32BE(value, this.at);
  }

  int64(value: bigint): void {
    this.reserve(8);
    this.at = this.bytes.writeBigInt64BE(value, this.at);
  }

  boolean(value: boolean): void {
    this.int8(value ? 1 : 0);
  }

  string(value: string | null): void {
    if (!this.#flexible) this.#plainString(value);
    else if (value === null) this.unsignedVarint(0);
    else {
      this.unsignedVarint(Buffer.byteLength(value) + 1);
      this.#text(value);
    }
  }

  arrayLength(length: number): void {
    if (this.#flexible) this.unsignedVarint(length + 1);
    else this.int32(length);
  }

  /** Leaves room for the length of bytes that are written next; `endBytes` fills it in. */
  beginBytes(): number {
    this.reserve(maxVarintBytes);
    this.at += this.#flexible ? maxVarintBytes : lengthBytes;
    return this.at;
  }

  endBytes(startAt: number): void {
    const sizeBytes = this.at - startAt;
    if (!this.#flexible) {
      this.bytes.writeInt32BE(sizeBytes, startAt - lengthBytes);
      return;
    }
    // A varint may be longer than it needs to be: every byte but the last says that another follows.
    let left = sizeBytes + 1;
    for (let place = maxVarintBytes; place > 1; place -= 1) {
      this.bytes[startAt - place] = (left & 127) | 128;
      left >>>= 7;
    }
    this.bytes[startAt - 1] = left;
  }

  tags(): void {
    if (this.#flexible) this.int8(0);
  }

  unsignedVarint(value: number): void {
    this.reserve(maxVarintBytes);
    let left = value;
    while (left > 127) {
      this.bytes[this.at++] = (left & 127) | 128;
      left >>>= 7;
    }
    this.bytes[this.at++] = left;
  }

  #plainString(value: string | null): void {
    this.int16(value === null ? -1 : Buffer.byteLength(value));
    if (value !== null) this.#text(value);
  }

  #text(value: string): void {
    this.reserve(value.length * 3);
    this.at += this.bytes.write(value, this.at);
  }
}

const maxVarintBytes = 5;

export function setCorrelationId(frame: Buffer, correlationId: number): void {
  frame.writeInt32BE(correlationId, correlationIdAt);
}
