import { encodeVarint } from './encode-varint.ts';

// Writes MANIFEST files for tests, byte by byte as RocksDB does.

export type Field = number | Buffer | { readonly slice: Buffer | string };

export function encodeFields(...fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.map((field) => {
      if (typeof field === 'number') return encodeVarint(field);
      if (Buffer.isBuffer(field)) return field;
      const bytes = Buffer.from(field.slice);
      return Buffer.concat([encodeVarint(bytes.length), bytes]);
    }),
  );
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

/** A blob file; the size on disk is 62 bytes more. */
export function blobFile(number: number, blobs: number, blobBytes: number): Buffer {
  return encodeFields(400, number, blobs, blobBytes, { slice: '' }, { slice: '' }, 0);
}

export function blobGarbage(number: number, blobs: number, blobBytes: number): Buffer {
  return encodeFields(401, number, blobs, blobBytes, 0);
}

export function deletedFile(level: number, number: number): Buffer {
  return encodeFields(6, level, number);
}
