import { maskedCrc32c } from './masked-crc32c.ts';

const blockBytes = 32 * 1024;
const headerBytes = 7;
/** Whether a fragment begins its record, and whether it ends it. */
const types = { full: 1, first: 2, middle: 3, last: 4 } as const;

/** Records as a RocksDB log file (db/log_format.h): fragmented at the borders of blocks, short block ends padded. */
export function writeLogRecords(records: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [];
  let position = 0;
  const push = (bytes: Buffer): void => {
    parts.push(bytes);
    position += bytes.length;
  };
  for (const record of records) {
    let rest = record;
    let first = true;
    do {
      const left = blockBytes - (position % blockBytes);
      if (left < headerBytes) {
        push(Buffer.alloc(left));
        continue;
      }
      const payload = rest.subarray(0, left - headerBytes);
      rest = rest.subarray(payload.length);
      push(toFragment(typeOf(first, rest.length === 0), payload));
      first = false;
    } while (first || rest.length > 0);
  }
  return Buffer.concat(parts);
}

/** Checksum of type and payload (4 bytes), length (2), type (1), payload. */
export function toFragment(type: number, payload: Buffer): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(headerBytes - 1), Buffer.from([type]), payload]);
  bytes.writeUInt32LE(maskedCrc32c(bytes.subarray(headerBytes - 1)), 0);
  bytes.writeUInt16LE(payload.length, 4);
  return bytes;
}

function typeOf(isFirst: boolean, isLast: boolean): number {
  if (isFirst) return isLast ? types.full : types.first;
  return isLast ? types.last : types.middle;
}
