import { ByteReader } from './byte-reader.ts';
import { ManifestDamaged } from './manifest-damaged.ts';

/** What one record of a MANIFEST changes in the set of table files. */
export interface VersionEdit {
  readonly deleted: readonly { readonly level: number; readonly number: number }[];
  readonly added: readonly TableFile[];
  /** How many edits of the same atomic group follow; `undefined` outside of a group. */
  readonly groupRemaining: number | undefined;
}

export interface TableFile {
  readonly level: number;
  readonly number: number;
  readonly sizeBytes: number;
}

/** Tags of db/version_edit.h as of RocksDB 10.5; they are on disk and keep their meaning. */
const tags = {
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
} as const;

/** A tag with this bit may be skipped by who doesn't know it: a length and so many bytes follow. */
const safeIgnoreMask = 1 << 13;
/** Four tags of old have that bit, but no length: the WAL and blob records of RocksDB 6. Skipping would misread. */
const unskippableTags: readonly number[] = [8194, 8195, 8196, 8197];

/** In a `newFile4`: the end of its custom fields, and the bit of those that must be understood. */
const customTerminate = 1;
const customUnsafeMask = 1 << 6;
const customPathId = 65;

/**
 * Parses one record of a MANIFEST (VersionEdit::DecodeFrom). Of a database with one column family, one path and no
 * blob files: anything else is refused, for a copy made without knowing it would be wrong in silence.
 *
 * @throws ManifestDamaged
 */
export function parseVersionEdit(record: Buffer): VersionEdit {
  const reader = new ByteReader(record);
  const deleted: { level: number; number: number }[] = [];
  const added: TableFile[] = [];
  let groupRemaining: number | undefined;
  while (!reader.atEnd) {
    const tag = reader.varint();
    switch (tag) {
      case tags.deletedFile:
        deleted.push({ level: reader.varint(), number: reader.varint() });
        break;
      case tags.newFile:
      case tags.newFile2:
      case tags.newFile3:
      case tags.newFile4:
        added.push(parseNewFile(reader, tag));
        break;
      case tags.inAtomicGroup:
        groupRemaining = reader.varint();
        break;
      default:
        skipField(reader, tag);
    }
  }
  return { deleted, added, groupRemaining };
}

/** Fields that say nothing about table files. */
function skipField(reader: ByteReader, tag: number): void {
  switch (tag) {
    case tags.comparator:
      reader.slice();
      return;
    case tags.compactCursor:
      reader.varint();
      reader.slice();
      return;
    case tags.logNumber:
    case tags.nextFileNumber:
    case tags.lastSequence:
    case tags.prevLogNumber:
    case tags.minLogNumberToKeep:
    case tags.maxColumnFamily:
      reader.varint();
      return;
    case tags.columnFamily:
      if (reader.varint() !== 0) throw new ManifestDamaged('The database has a second column family');
      return;
    case tags.columnFamilyAdd:
    case tags.columnFamilyDrop:
      throw new ManifestDamaged('The database has a second column family');
    default:
      if ((tag & safeIgnoreMask) === 0 || unskippableTags.includes(tag)) {
        throw new ManifestDamaged(`A version edit has the unknown tag ${tag}`);
      }
      reader.slice();
  }
}

type NewFileTag = typeof tags.newFile | typeof tags.newFile2 | typeof tags.newFile3 | typeof tags.newFile4;

function parseNewFile(reader: ByteReader, tag: NewFileTag): TableFile {
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
  if (tag === tags.newFile4) skipCustomFields(reader);
  return { level, number, sizeBytes };
}

function skipCustomFields(reader: ByteReader): void {
  for (let tag = reader.varint(); tag !== customTerminate; tag = reader.varint()) {
    const field = reader.slice();
    if (tag === customPathId) {
      assertFirstPath(field[0] ?? -1);
    } else if ((tag & customUnsafeMask) !== 0) {
      throw new ManifestDamaged(`A table file has the unknown field ${tag}`);
    }
  }
}

function assertFirstPath(pathId: number): void {
  if (pathId !== 0) throw new ManifestDamaged('A table file lies in another path than the database');
}
