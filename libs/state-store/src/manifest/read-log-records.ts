import { maskedCrc32c } from './masked-crc32c.ts';
import { ManifestDamaged } from './manifest-damaged.ts';

const blockBytes = 32 * 1024;
const headerBytes = 7;

/** A record of the log and the position after it. */
export interface LogRecord {
  readonly bytes: Buffer;
  readonly endBytes: number;
}

/**
 * Records of a RocksDB log file, which a MANIFEST is (db/log_format.h): blocks of 32 KiB, in them fragments of
 * checksum (4 bytes), length (2), type (1) and payload; fewer than seven bytes at a block's end are padding.
 *
 * A file that is being written ends anywhere: a record that isn't whole yet is left out. Everything before the end
 * must be right.
 *
 * @param startBytes where in the file `log` begins: 0, or an `endBytes` of an earlier reading
 * @throws ManifestDamaged for a wrong checksum, an unknown type or fragments out of order.
 */
export function readLogRecords(log: Buffer, startBytes = 0): LogRecord[] {
  const records: LogRecord[] = [];
  let fragments: Buffer[] = [];
  let position = 0;
  while (position + headerBytes <= log.length) {
    const blockLeft = blockBytes - ((startBytes + position) % blockBytes);
    if (blockLeft < headerBytes) {
      position += blockLeft;
      continue;
    }
    const fragment = readFragment(log, position, blockLeft);
    if (fragment === undefined) break;
    position += headerBytes + fragment.payload.length;
    const opens = fragment.type === 'full' || fragment.type === 'first';
    if (opens !== (fragments.length === 0)) throw new ManifestDamaged(`A fragment is out of order before ${position}`);
    fragments.push(fragment.payload);
    if (fragment.type === 'full' || fragment.type === 'last') {
      const bytes = fragments.length === 1 ? fragment.payload : Buffer.concat(fragments);
      records.push({ bytes, endBytes: startBytes + position });
      fragments = [];
    }
  }
  return records;
}

interface Fragment {
  readonly type: 'full' | 'first' | 'middle' | 'last';
  readonly payload: Buffer;
}

const fragmentTypes = new Map<number, Fragment['type']>([
  [1, 'full'],
  [2, 'first'],
  [3, 'middle'],
  [4, 'last'],
]);

/** `undefined` where what was written ends. */
function readFragment(log: Buffer, position: number, blockLeft: number): Fragment | undefined {
  const lengthBytes = log.readUInt16LE(position + 4);
  const type = log.readUInt8(position + 6);
  // Preallocated, not written yet. Zeros with something behind them are no end but a hole.
  if (type === 0 && lengthBytes === 0 && log.subarray(position).every((byte) => byte === 0)) return undefined;
  if (headerBytes + lengthBytes > blockLeft) {
    throw new ManifestDamaged(`A fragment at ${position} leaves its block`);
  }
  if (position + headerBytes + lengthBytes > log.length) return undefined;
  // The checksum covers the type and the payload.
  const covered = log.subarray(position + 6, position + headerBytes + lengthBytes);
  if (maskedCrc32c(covered) !== log.readUInt32LE(position)) {
    throw new ManifestDamaged(`The fragment at ${position} has a wrong checksum`);
  }
  const known = fragmentTypes.get(type);
  // Recycled and compressed logs have further types; a MANIFEST is neither.
  if (known === undefined) throw new ManifestDamaged(`The fragment at ${position} has the unknown type ${type}`);
  return { type: known, payload: covered.subarray(1) };
}
