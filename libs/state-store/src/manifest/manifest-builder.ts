import { maskedCrc32c } from './crc32c.ts';

// Writes MANIFEST files for tests, byte by byte as RocksDB does.

export type Field = number | Buffer | { readonly slice: Buffer | string };

export function encodeFields(...fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.map((field) => {
      if (typeof field === 'number') return varint(field);
      if (Buffer.isBuffer(field)) return field;
      const bytes = Buffer.from(field.slice);
      return Buffer.concat([varint(bytes.length), bytes]);
    }),
  );
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** A `newFile4` with the custom fields that RocksDB 10 writes, or others. */
export function newFile4(
  level: number,
  number: number,
  sizeBytes: number,
  custom: readonly Field[] = [5, { slice: 'x' }],
): Buffer {
  return encodeFields(103, level, number, sizeBytes, { slice: 'smallest' }, { slice: 'largest' }, 1, 9, ...custom, 1);
}

export function deletedFile(level: number, number: number): Buffer {
  return encodeFields(6, level, number);
}

const blockBytes = 32 * 1024;

/** Records as a log file: fragmented at the borders of blocks, short block ends padded. */
export function writeLog(records: readonly Buffer[]): Buffer {
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
      if (left < 7) {
        push(Buffer.alloc(left));
        continue;
      }
      const payload = rest.subarray(0, left - 7);
      rest = rest.subarray(payload.length);
      const last = rest.length === 0;
      push(fragment(first ? (last ? 1 : 2) : last ? 4 : 3, payload));
      first = false;
    } while (first || rest.length > 0);
  }
  return Buffer.concat(parts);
}

export function fragment(type: number, payload: Buffer): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(6), Buffer.from([type]), payload]);
  bytes.writeUInt32LE(maskedCrc32c(bytes.subarray(6)), 0);
  bytes.writeUInt16LE(payload.length, 4);
  return bytes;
}
