import { randomInt } from 'node:crypto';

interface Keyed {
  readonly key: string;
}

const smallestSlots = 1024;
/** A table grows when so much of it is taken: beyond it chains of neighbours get long. */
const fillMax = 0.5;

/**
 * Entries by key, found by the key's UTF-8 bytes as they lie in the log: a `Map` would first need a string made of them
 * for each record, hashed anew. Open addressing with linear probing; a removal moves its followers up, so that there
 * are no gravestones.
 */
export class KeyTable<Entry extends Keyed> {
  #entries: (Entry | undefined)[] = emptySlots(smallestSlots);
  /** By slot, the hash of its entry: most strangers are told apart without a look at their keys. */
  #hashes = new Int32Array(smallestSlots);
  #size = 0;
  /** Nobody can choose keys that fall into one slot everywhere. */
  readonly #seed = randomInt(2 ** 31);

  get size(): number {
    return this.#size;
  }

  get(key: string): Entry | undefined {
    return this.#entries[this.#slotOf(key, hashText(this.#seed, key))];
  }

  getByBytes(bytes: Uint8Array): Entry | undefined {
    const hash = hashAscii(this.#seed, bytes);
    // Other bytes than ASCII may spell the same text in more than one wrong way.
    if (hash === undefined) return this.get(toText(bytes));
    const entries = this.#entries;
    const hashes = this.#hashes;
    const mask = entries.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = entries[slot];
      if (entry === undefined) return undefined;
      if (hashes[slot] === hash && isSpelt(entry.key, bytes)) return entry;
    }
  }

  /** Of a key that isn't there yet. */
  add(entry: Entry): void {
    if (this.#size >= this.#entries.length * fillMax) this.#grow();
    const hash = hashText(this.#seed, entry.key);
    const slot = this.#slotOf(entry.key, hash);
    this.#entries[slot] = entry;
    this.#hashes[slot] = hash;
    this.#size += 1;
  }

  delete(key: string): void {
    const mask = this.#entries.length - 1;
    let hole = this.#slotOf(key, hashText(this.#seed, key));
    if (this.#entries[hole] === undefined) return;
    this.#size -= 1;
    for (let slot = (hole + 1) & mask; this.#entries[slot] !== undefined; slot = (slot + 1) & mask) {
      const hash = this.#hashes[slot] ?? 0;
      // It may move up unless it would come to lie before the place where it is looked for first.
      if (((slot - hash) & mask) < ((slot - hole) & mask)) continue;
      this.#entries[hole] = this.#entries[slot];
      this.#hashes[hole] = hash;
      hole = slot;
    }
    this.#entries[hole] = undefined;
  }

  /** Where the key is, or where it would be put. */
  #slotOf(key: string, hash: number): number {
    const mask = this.#entries.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#entries[slot];
      if (entry === undefined || (this.#hashes[slot] === hash && entry.key === key)) return slot;
    }
  }

  #grow(): void {
    const before = this.#entries;
    const hashes = this.#hashes;
    const slots = before.length * 2;
    const mask = slots - 1;
    this.#entries = emptySlots(slots);
    this.#hashes = new Int32Array(slots);
    for (const [index, entry] of before.entries()) {
      if (entry === undefined) continue;
      const hash = hashes[index] ?? 0;
      let slot = hash & mask;
      while (this.#entries[slot] !== undefined) slot = (slot + 1) & mask;
      this.#entries[slot] = entry;
      this.#hashes[slot] = hash;
    }
  }
}

function emptySlots<Entry>(count: number): (Entry | undefined)[] {
  return Array.from<Entry | undefined>({ length: count }).fill(undefined);
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

/** FNV-1a from a basis of the table's own, with its bits spread downwards at the end: a slot is taken from the low ones. */
const fnvPrime = 0x01000193;

function hashAscii(seed: number, bytes: Uint8Array): number | undefined {
  let hash = seed;
  let index = 0;
  while (index < bytes.length) {
    const byte = bytes[index++] ?? 0;
    if (byte > 127) return undefined;
    hash = Math.imul(hash ^ byte, fnvPrime);
  }
  return hash ^ (hash >>> 15);
}

/** The same for the same text in ASCII. */
function hashText(seed: number, key: string): number {
  let hash = seed;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), fnvPrime);
  return hash ^ (hash >>> 15);
}

function isSpelt(key: string, bytes: Uint8Array): boolean {
  if (key.length !== bytes.length) return false;
  for (let index = 0; index < bytes.length; index += 1) if (key.charCodeAt(index) !== bytes[index]) return false;
  return true;
}
