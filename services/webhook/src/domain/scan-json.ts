/** What is wrong with a JSON text that a parser takes without a word. */
export type JsonProblem = 'too-deep' | 'number-unsafe' | 'text-too-long' | 'text-unsafe';

/** Where one value lies in the bytes, and what a parser won't tell of it. */
export interface JsonSpan {
  readonly start: number;
  /** Behind its last byte. */
  readonly end: number;
  /** Names of members in the text, every one of them; the parsed value has fewer when one is repeated. */
  readonly keys: number;
  readonly problem: JsonProblem | undefined;
}

export interface ScanLimits {
  /** Levels of objects and arrays in one span. */
  readonly maxDepth: number;
  /** Of one text or name as it stands in the bytes, escapes counted. */
  readonly maxTextBytes: number;
  readonly maxSpans: number;
}

/**
 * Looks over the bytes of a JSON text that a parser took, once and without recursion: the parser drops repeated names,
 * rounds integers, keeps lone surrogates, and nests as deep as it is told. Of a text that isn't JSON the answer means
 * nothing.
 *
 * @param splitArray whether an array's elements are spans of their own; else there is one span
 */
export function scanJson(bytes: Uint8Array, splitArray: boolean, limits: ScanLimits): readonly JsonSpan[] {
  return new Scanner(bytes, limits).scan(splitArray);
}

const quote = 0x22;
const backslash = 0x5c;
const minus = 0x2d;
const zero = 0x30;
const nine = 0x39;
/** Fewer digits are exact whatever they are. */
const exactDigits = 15;

class Scanner {
  readonly #bytes: Uint8Array;
  readonly #limits: ScanLimits;
  readonly #spans: JsonSpan[] = [];
  #at = 0;
  #start = -1;
  #keys = 0;
  #problem: JsonProblem | undefined;

  constructor(bytes: Uint8Array, limits: ScanLimits) {
    this.#bytes = bytes;
    this.#limits = limits;
  }

  scan(splitArray: boolean): readonly JsonSpan[] {
    const bytes = this.#bytes;
    const end = bytes.length;
    while (this.#at < end && isBlank(bytes[this.#at])) this.#at += 1;
    const base = splitArray && bytes[this.#at] === 0x5b ? 1 : 0;
    this.#at += base;
    let depth = base;
    for (; this.#at < end; this.#at += 1) {
      const byte = bytes[this.#at] ?? 0;
      if (isBlank(byte)) continue;
      if (depth === base && byte === 0x2c && base === 1) {
        this.#close();
        continue;
      }
      if (depth === 1 && base === 1 && byte === 0x5d) {
        depth = 0;
        this.#close();
        continue;
      }
      if (this.#start < 0) this.#start = this.#at;
      if (byte === quote) this.#text();
      else if (byte === 0x3a) this.#keys += 1;
      else if (byte === 0x7b || byte === 0x5b) {
        depth += 1;
        if (depth - base > this.#limits.maxDepth) this.#problem ??= 'too-deep';
      } else if (byte === 0x7d || byte === 0x5d) depth -= 1;
      else if (byte === minus || (byte >= zero && byte <= nine)) this.#number();
    }
    this.#close();
    return this.#spans;
  }

  #close(): void {
    if (this.#start < 0) return;
    let end = Math.min(this.#at, this.#bytes.length);
    while (end > this.#start && isBlank(this.#bytes[end - 1])) end -= 1;
    if (this.#spans.length < this.#limits.maxSpans) {
      this.#spans.push({ start: this.#start, end, keys: this.#keys, problem: this.#problem });
    }
    this.#start = -1;
    this.#keys = 0;
    this.#problem = undefined;
  }

  /** From the opening quote to the closing one, where it leaves off. */
  #text(): void {
    const bytes = this.#bytes;
    const start = this.#at + 1;
    let at = start;
    for (; at < bytes.length && bytes[at] !== quote; at += 1) {
      if (bytes[at] !== backslash) continue;
      at += 1;
      if (bytes[at] === 0x75) at = this.#escape(at);
    }
    if (at - start > this.#limits.maxTextBytes) this.#problem ??= 'text-too-long';
    this.#at = at;
  }

  /** At the `u` of an escape; where it ends. A high surrogate takes the low one behind it along. */
  #escape(at: number): number {
    const code = hexAt(this.#bytes, at + 1);
    if (code === 0 || (code >= 0xdc00 && code <= 0xdfff)) this.#problem ??= 'text-unsafe';
    if (code < 0xd800 || code > 0xdbff) return at + 4;
    const next = this.#bytes[at + 5] === backslash && this.#bytes[at + 6] === 0x75 ? hexAt(this.#bytes, at + 7) : -1;
    if (next >= 0xdc00 && next <= 0xdfff) return at + 10;
    this.#problem ??= 'text-unsafe';
    return at + 4;
  }

  /** To the last byte of a number. */
  #number(): void {
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start + 1;
    let exponent = false;
    let fraction = false;
    for (; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte >= zero && byte <= nine) continue;
      if (byte === 0x2e) fraction = true;
      else if (byte === 0x65 || byte === 0x45) exponent = true;
      else if (byte !== minus && byte !== 0x2b) break;
    }
    this.#at = at - 1;
    if (!exponent && at - start <= exactDigits) return;
    const value = Number(String.fromCharCode(...bytes.subarray(start, Math.min(at, start + maxNumberBytes))));
    const exact = fraction || exponent ? Number.isFinite(value) : Number.isSafeInteger(value);
    if (!exact || at - start > maxNumberBytes) this.#problem ??= 'number-unsafe';
  }
}

/** A longer one says nothing that a double could hold. */
const maxNumberBytes = 512;

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Four hexadecimal digits, or -1. */
function hexAt(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let index = at; index < at + 4; index += 1) {
    const byte = bytes[index] ?? 0;
    if (byte >= zero && byte <= nine) value = value * 16 + byte - zero;
    else if ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66) value = value * 16 + (byte | 0x20) - 0x57;
    else return -1;
  }
  return value;
}
