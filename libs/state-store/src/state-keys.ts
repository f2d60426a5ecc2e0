import { AppError } from '@fleetstream/kernel';
import { type AppliedPosition, type StoredTimer } from './port.ts';

/** Raised when keys or values below change their meaning; a store with a higher one is refused. */
const formatVersion = 2;
/** Of format 1: a timer for each key, in the order of the keys, under `t/<key>`. */
export const oldTimerRange = { gte: Buffer.from('t/'), lt: Buffer.from('t0') };

/**
 * States are `s/<key>`, timers `d/<due time><key>` with nothing in them, index rows `x/<key>`; `0` is the byte after
 * `/`, so the ranges end before `s0`, `d0` and `x0`. A release that doesn't know `x/` leaves it alone.
 */
export const stateRange = { gte: Buffer.from('s/'), lt: Buffer.from('s0') };
export const appliedKey = Buffer.from('m/applied');
export const indexKey = Buffer.from('m/index');

const keyChunkBytes = 64 * 1024;

/** Writes the keys of one batch one behind the other: one allocation for thousands of them. */
export class KeyWriter {
  #chunk = Buffer.alloc(0);
  #at = 0;

  write(space: 's' | 'x', key: string): Buffer {
    return this.#end(this.#begin(space, 2 + key.length * 3), 2, key);
  }

  writeTimer({ key, dueMs }: StoredTimer): Buffer {
    const start = this.#begin('d', 2 + dueBytes + key.length * 3);
    writeDueMs(this.#chunk, start + 2, dueMs);
    return this.#end(start, 2 + dueBytes, key);
  }

  #begin(space: 's' | 'd' | 'x', most: number): number {
    if (this.#at + most > this.#chunk.length) {
      this.#chunk = Buffer.allocUnsafeSlow(Math.max(keyChunkBytes, most));
      this.#at = 0;
    }
    this.#chunk[this.#at] = space.charCodeAt(0);
    this.#chunk[this.#at + 1] = slash;
    return this.#at;
  }

  #end(start: number, prefixBytes: number, key: string): Buffer {
    this.#at = start + prefixBytes + this.#chunk.write(key, start + prefixBytes, 'utf8');
    return this.#chunk.subarray(start, this.#at);
  }
}

const slash = 0x2f;
const dueBytes = 8;
const wordSize = 2 ** 32;
const signBit = 2 ** 31;

/** Rows after a key: no key lies between it and itself with a zero byte behind. */
export function rowRange(afterKey: string | undefined): { gte: Buffer; lt: Buffer } {
  return { gte: afterKey === undefined ? Buffer.from('x/') : Buffer.from(`x/${afterKey}\0`), lt: Buffer.from('x0') };
}

/** The key of the state or row that is stored under `stored`. */
export function keyOf(stored: Buffer): string {
  return stored.toString('utf8', 2);
}

/** The timers that are due at `fromMs` or later. */
export function timerRange(fromMs: number): { gte: Buffer; lt: Buffer } {
  const gte = Buffer.from('d/........');
  writeDueMs(gte, 2, fromMs);
  return { gte, lt: Buffer.from('d0') };
}

/** The timer that is stored under `stored`. */
export function timerOf(stored: Buffer): StoredTimer {
  const dueMs = (stored.readUInt32BE(2) - signBit) * wordSize + stored.readUInt32BE(6);
  return { key: stored.toString('utf8', 2 + dueBytes), dueMs };
}

/** Of format 1. */
export function decodeOldDueMs(value: Buffer): number {
  return Number(value.readBigInt64BE());
}

/** Big endian with its sign bit turned over: so the order of the bytes is that of the times. */
function writeDueMs(target: Buffer, at: number, dueMs: number): void {
  const high = Math.floor(dueMs / wordSize);
  target.writeUInt32BE(high + signBit, at);
  target.writeUInt32BE(Math.floor(dueMs) - high * wordSize, at + 4);
}

/** Format version (1 byte), applied offset (8), log time (8), big endian. */
export function encodeApplied(position: AppliedPosition): Buffer {
  const value = Buffer.allocUnsafe(17);
  value.writeUInt8(formatVersion);
  value.writeBigUInt64BE(BigInt(position.appliedOffset), 1);
  value.writeBigInt64BE(BigInt(position.logTimeMs), 9);
  return value;
}

/** @throws AppError `FS_STATE_TOO_NEW` for a format of a later release, `FS_STATE_DAMAGED` for no format at all. */
export function decodeApplied(value: Buffer | null, dir: string): AppliedPosition {
  if (value === null) return { appliedOffset: 0, logTimeMs: 0 };
  const version = value[0];
  if (version !== undefined && version > formatVersion) {
    throw new AppError('FS_STATE_TOO_NEW', `${dir} has format ${version}, this release reads ${formatVersion}`);
  }
  if (version === undefined || version < 1 || value.length !== 17) {
    throw new AppError('FS_STATE_DAMAGED', `${dir} holds no readable position (${value.length} bytes)`);
  }
  return { appliedOffset: Number(value.readBigUInt64BE(1)), logTimeMs: Number(value.readBigInt64BE(9)) };
}

/** Whether timers lie as format 1 had them. */
export function isOldFormat(value: Buffer | null): boolean {
  return value?.[0] === 1;
}
