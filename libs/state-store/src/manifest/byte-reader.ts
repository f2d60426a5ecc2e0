import { ManifestDamaged } from './manifest-damaged.ts';

/** Reads RocksDB's varints and length-prefixed slices (util/coding.h) from one record. */
export class ByteReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get position(): number {
    return this.#position;
  }

  get atEnd(): boolean {
    return this.#position >= this.#bytes.length;
  }

  /** A varint32 or varint64; above 2^53 only sequence numbers go, which nobody here counts with. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift <= 63; shift += 7) {
      const byte = this.#bytes[this.#position++];
      if (byte === undefined) throw new ManifestDamaged('A number is cut off');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new ManifestDamaged('A number is longer than 64 bits');
  }

  slice(): Buffer {
    const lengthBytes = this.varint();
    const end = this.#position + lengthBytes;
    if (end > this.#bytes.length) throw new ManifestDamaged('A field is cut off');
    const slice = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return slice;
  }
}
