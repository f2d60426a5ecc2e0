import { AppError } from '@fleetstream/kernel';
import { type AppliedPosition } from './port.ts';

/** Raised when keys or values below change their meaning; a store with a higher one is refused. */
const formatVersion = 1;

/**
 * States are `s/<key>`, timers `t/<key>`, index rows `x/<key>`; `0` is the byte after `/`, so the ranges end before
 * `s0`, `t0` and `x0`. A release that doesn't know `x/` leaves it alone.
 */
export const stateRange = { gte: Buffer.from('s/'), lt: Buffer.from('s0') };
export const timerRange = { gte: Buffer.from('t/'), lt: Buffer.from('t0') };
export const appliedKey = Buffer.from('m/applied');
export const indexKey = Buffer.from('m/index');

const keyChunkBytes = 64 * 1024;

/** Writes the keys of one batch one behind the other: one allocation for thousands of them. */
export class KeyWriter {
  #chunk = Buffer.alloc(0);
  #at = 0;

  write(space: 's' | 't' | 'x', key: string): Buffer {
    const most = 2 + key.length * 3;
    if (this.#at + most > this.#chunk.length) {
      this.#chunk = Buffer.allocUnsafeSlow(Math.max(keyChunkBytes, most));
      this.#at = 0;
    }
    const start = this.#at;
    this.#chunk[start] = space.charCodeAt(0);
    this.#chunk[start + 1] = slash;
    this.#at = start + 2 + this.#chunk.write(key, start + 2, 'utf8');
    return this.#chunk.subarray(start, this.#at);
  }
}

const slash = 0x2f;

/** Rows after a key: no key lies between it and itself with a zero byte behind. */
export function rowRange(afterKey: string | undefined): { gte: Buffer; lt: Buffer } {
  return { gte: afterKey === undefined ? Buffer.from('x/') : Buffer.from(`x/${afterKey}\0`), lt: Buffer.from('x0') };
}

/** The key of the state or timer that is stored under `stored`. */
export function keyOf(stored: Buffer): string {
  return stored.toString('utf8', 2);
}

export function encodeDueMs(dueMs: number): Buffer {
  const value = Buffer.allocUnsafe(8);
  value.writeBigInt64BE(BigInt(dueMs));
  return value;
}

export function decodeDueMs(value: Buffer): number {
  return Number(value.readBigInt64BE());
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
  if (version !== formatVersion || value.length !== 17) {
    throw new AppError('FS_STATE_DAMAGED', `${dir} holds no readable position (${value.length} bytes)`);
  }
  return { appliedOffset: Number(value.readBigUInt64BE(1)), logTimeMs: Number(value.readBigInt64BE(9)) };
}
