/** Reads an answer from behind its correlation id; see `FrameWriter` for what flexible means. */
export class AnswerReader {
  readonly #bytes: Buffer;
  readonly #flexible: boolean;
  #at = 0;

  constructor(bytes: Buffer, flexible: boolean) {
    this.#bytes = bytes;
    this.#flexible = flexible;
    this.tags();
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  int64(): bigint {
    this.#at += 8;
    return this.#bytes.readBigInt64BE(this.#at - 8);
  }

  string(): string | null {
    const sizeBytes = this.#flexible ? this.unsignedVarint() - 1 : this.int16();
    if (sizeBytes < 0) return null;
    this.#at += sizeBytes;
    return this.#bytes.toString('utf8', this.#at - sizeBytes, this.#at);
  }

  arrayLength(): number {
    return Math.max(this.#flexible ? this.unsignedVarint() - 1 : this.int32(), 0);
  }

  /** Skips what a newer broker adds. */
  tags(): void {
    if (!this.#flexible) return;
    for (let left = this.unsignedVarint(); left > 0; left -= 1) {
      this.unsignedVarint();
      const sizeBytes = this.unsignedVarint();
      this.#at += sizeBytes;
    }
  }

  /** Tells each tagged field's number and where it ends, and goes there when `read` returns. */
  eachTag(read: (tag: number) => void): void {
    for (let left = this.unsignedVarint(); left > 0; left -= 1) {
      const tag = this.unsignedVarint();
      const sizeBytes = this.unsignedVarint();
      const end = this.#at + sizeBytes;
      read(tag);
      this.#at = end;
    }
  }

  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#at);
      this.#at += 1;
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
  }
}
