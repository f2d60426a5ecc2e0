import { ByteReader } from './byte-reader.ts';
import { ManifestDamaged } from './manifest-damaged.ts';

/** What one record of a MANIFEST changes in the set of files. */
export interface VersionEdit {
  readonly deleted: readonly { readonly level: number; readonly number: number }[];
  readonly added: readonly TableFile[];
  readonly blobs: readonly BlobFile[];
  readonly garbage: readonly BlobGarbage[];
  /** Fields that hold one value for the database, as they are written; the last one said counts. By tag. */
  readonly settings: ReadonlyMap<number, Buffer>;
  /** How many edits of the same atomic group follow; `undefined` outside of a group. */
  readonly groupRemaining: number | undefined;
}

export interface TableFile {
  readonly level: number;
  readonly number: number;
  readonly sizeBytes: number;
  /** The first blob file that it points into. */
  readonly oldestBlob: number | undefined;
  /** The whole field, its tag included. */
  readonly raw: Buffer;
}

export interface BlobFile {
  readonly number: number;
  readonly blobs: number;
  readonly blobBytes: number;
  readonly raw: Buffer;
}

/** Blobs of a file that nothing points to any more, since the last that was said. */
export interface BlobGarbage {
  readonly number: number;
  readonly blobs: number;
  readonly blobBytes: number;
}

/** Tags of db/version_edit.h as of RocksDB 10.5; they are on disk and keep their meaning. */
export const tags = {
  comparator: 1,
  logNumber: 2,
  nextFileNumber: 3,
  lastSequence: 4,
  compactCursor: 5,
  deletedFile: 6,
  newFile: 7,
  prevLogNumber: 9,
  minLogNumberToKeep: 10,
  newFile2: 100,
  newFile3: 102,
  newFile4: 103,
  columnFamily: 200,
  columnFamilyAdd: 201,
  columnFamilyDrop: 202,
  maxColumnFamily: 203,
  inAtomicGroup: 300,
  blobFile: 400,
  blobGarbage: 401,
  databaseId: 8193,
} as const;

/** A tag with this bit may be skipped by who doesn't know it: a length and so many bytes follow. */
const safeIgnoreMask = 1 << 13;
/** Four tags of old have that bit, but no length: the WAL and blob records of RocksDB 6. Skipping would misread. */
const unskippableTags: readonly number[] = [8194, 8195, 8196, 8197];

/** In a `newFile4`: the end of its custom fields, and the bit of those that must be understood. */
const customTerminate = 1;
const customOldestBlob = 4;
const customUnsafeMask = 1 << 6;
const customPathId = 65;

/**
 * Parses one record of a MANIFEST (VersionEdit::DecodeFrom). Of a database with one column family and one path:
 * anything else is refused, for a copy made without knowing it would be wrong in silence.
 *
 * @throws ManifestDamaged
 */
export function parseVersionEdit(record: Buffer): VersionEdit {
  const reader = new ByteReader(record);
  const edit = {
    deleted: [] as { level: number; number: number }[],
    added: [] as TableFile[],
    blobs: [] as BlobFile[],
    garbage: [] as BlobGarbage[],
    settings: new Map<number, Buffer>(),
    groupRemaining: undefined as number | undefined,
  };
  while (!reader.atEnd) {
    const startBytes = reader.position;
    const rawField = (): Buffer => record.subarray(startBytes, reader.position);
    const tag = reader.varint();
    switch (tag) {
      case tags.deletedFile:
        edit.deleted.push({ level: reader.varint(), number: reader.varint() });
        break;
      case tags.newFile:
      case tags.newFile2:
      case tags.newFile3:
      case tags.newFile4: {
        const table = parseNewFile(reader, tag);
        edit.added.push({ ...table, raw: rawField() });
        break;
      }
      case tags.blobFile: {
        const blob = parseBlobFile(reader);
        edit.blobs.push({ ...blob, raw: rawField() });
        break;
      }
      case tags.blobGarbage:
        edit.garbage.push(parseBlobGarbage(reader));
        break;
      case tags.inAtomicGroup:
        edit.groupRemaining = reader.varint();
        break;
      default:
        if (passField(reader, tag) === 'setting') edit.settings.set(tag, rawField());
    }
  }
  return edit;
}

/** Fields that say nothing about files. */
function passField(reader: ByteReader, tag: number): 'setting' | 'skipped' {
  switch (tag) {
    case tags.comparator:
    case tags.databaseId:
      reader.slice();
      return 'setting';
    case tags.compactCursor:
      reader.varint();
      reader.slice();
      return 'skipped';
    case tags.logNumber:
    case tags.nextFileNumber:
    case tags.lastSequence:
    case tags.prevLogNumber:
    case tags.minLogNumberToKeep:
    case tags.maxColumnFamily:
      reader.varint();
      return 'setting';
    case tags.columnFamily:
      if (reader.varint() !== 0) throw new ManifestDamaged('The database has a second column family');
      return 'skipped';
    case tags.columnFamilyAdd:
    case tags.columnFamilyDrop:
      throw new ManifestDamaged('The database has a second column family');
    default:
      if ((tag & safeIgnoreMask) === 0 || unskippableTags.includes(tag)) {
        throw new ManifestDamaged(`A version edit has the unknown tag ${tag}`);
      }
      reader.slice();
      return 'skipped';
  }
}

type NewFileTag = typeof tags.newFile | typeof tags.newFile2 | typeof tags.newFile3 | typeof tags.newFile4;

function parseNewFile(reader: ByteReader, tag: NewFileTag): Omit<TableFile, 'raw'> {
  const level = reader.varint();
  const number = reader.varint();
  if (tag === tags.newFile3) assertFirstPath(reader.varint());
  const sizeBytes = reader.varint();
  // Smallest and largest key.
  reader.slice();
  reader.slice();
  if (tag !== tags.newFile) {
    // Smallest and largest sequence number.
    reader.varint();
    reader.varint();
  }
  const oldestBlob = tag === tags.newFile4 ? parseCustomFields(reader) : undefined;
  return { level, number, sizeBytes, oldestBlob };
}

/** @returns the oldest blob file, when there is one */
function parseCustomFields(reader: ByteReader): number | undefined {
  let oldestBlob: number | undefined;
  for (let tag = reader.varint(); tag !== customTerminate; tag = reader.varint()) {
    const field = reader.slice();
    if (tag === customOldestBlob) {
      oldestBlob = new ByteReader(field).varint();
    } else if (tag === customPathId) {
      assertFirstPath(field[0] ?? -1);
    } else if ((tag & customUnsafeMask) !== 0) {
      throw new ManifestDamaged(`A table file has the unknown field ${tag}`);
    }
  }
  return oldestBlob;
}

function assertFirstPath(pathId: number): void {
  if (pathId !== 0) throw new ManifestDamaged('A table file lies in another path than the database');
}

/** BlobFileAddition::DecodeFrom. */
function parseBlobFile(reader: ByteReader): Omit<BlobFile, 'raw'> {
  const blob = { number: reader.varint(), blobs: reader.varint(), blobBytes: reader.varint() };
  // The method and the value of a checksum over the whole file.
  reader.slice();
  reader.slice();
  passBlobFields(reader);
  return blob;
}

/** BlobFileGarbage::DecodeFrom. */
function parseBlobGarbage(reader: ByteReader): BlobGarbage {
  const garbage = { number: reader.varint(), blobs: reader.varint(), blobBytes: reader.varint() };
  passBlobFields(reader);
  return garbage;
}

/** Both end with custom fields and a 0. */
function passBlobFields(reader: ByteReader): void {
  for (let tag = reader.varint(); tag !== 0; tag = reader.varint()) {
    if ((tag & customUnsafeMask) !== 0) throw new ManifestDamaged(`A blob file has the unknown field ${tag}`);
    reader.slice();
  }
}
