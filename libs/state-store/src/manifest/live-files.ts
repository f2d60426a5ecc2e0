import { encodeVarint } from './encode-varint.ts';
import { ManifestDamaged } from './manifest-damaged.ts';
import { type BlobFile, parseVersionEdit, type TableFile, tags, type VersionEdit } from './parse-version-edit.ts';
import { readLogRecords } from './read-log-records.ts';
import { writeLogRecords } from './write-log-records.ts';

export interface LiveFile {
  readonly name: string;
  readonly sizeBytes: number;
}

interface KnownBlob extends BlobFile {
  garbageBlobs: number;
  garbageBytes: number;
}

/** A blob file is its records between a header and a footer (db/blob/blob_log_format.h). */
const blobFrameBytes = 30 + 32;

/**
 * The files that make up a database as its MANIFEST tells: every whole prefix of that file is a state that the database
 * was in. It is read on from where an earlier reading ended, for it grows with every flush as long as the process lives.
 */
export class LiveFiles {
  readonly #tables = new Map<string, TableFile>();
  readonly #blobs = new Map<number, KnownBlob>();
  readonly #settings = new Map<number, Buffer>();
  #endBytes = 0;

  /** What was read so far; behind it may be a record, or a group of them, that isn't whole. */
  get endBytes(): number {
    return this.#endBytes;
  }

  /**
   * Reads on: `manifest` is what the file holds from `endBytes` to its present end.
   *
   * @throws ManifestDamaged; then this is of no more use
   */
  read(manifest: Buffer): void {
    let group: VersionEdit[] = [];
    for (const record of readLogRecords(manifest, this.#endBytes)) {
      const edit = parseVersionEdit(record.bytes);
      if (group.length > 0 && edit.groupRemaining === undefined) throw new ManifestDamaged('An atomic group is torn');
      group.push(edit);
      if (edit.groupRemaining !== undefined && edit.groupRemaining > 0) continue;
      for (const whole of group) this.#apply(whole);
      this.#dropDeadBlobs();
      group = [];
      this.#endBytes = record.endBytes;
    }
    if (this.#endBytes === 0) throw new ManifestDamaged('There is no whole record');
  }

  files(): LiveFile[] {
    const tables = [...this.#tables.values()].map(({ number, sizeBytes }) => ({
      name: `${toFileNumber(number)}.sst`,
      sizeBytes,
    }));
    const blobs = this.#liveBlobs().map(({ number, blobBytes }) => ({
      name: `${toFileNumber(number)}.blob`,
      sizeBytes: blobBytes + blobFrameBytes,
    }));
    return [...tables, ...blobs];
  }

  /**
   * A MANIFEST that says the same in one record. The database's own holds every flush since the process began, and a
   * checkpoint that carried it would upload all of it each time.
   */
  toManifest(): Buffer {
    const blobs = this.#liveBlobs();
    return writeLogRecords([
      Buffer.concat([
        ...this.#settings.values(),
        ...blobs.map(({ raw }) => raw),
        ...blobs.filter(({ garbageBlobs }) => garbageBlobs > 0).map(toGarbageField),
        ...[...this.#tables.values()].map(({ raw }) => raw),
      ]),
    ]);
  }

  /** A file that moves to another level is deleted from the one and added to the other by the same edit. */
  #apply(edit: VersionEdit): void {
    for (const { level, number } of edit.deleted) {
      if (!this.#tables.delete(`${level}/${number}`)) {
        throw new ManifestDamaged(`Table ${number} is deleted but wasn't there`);
      }
    }
    for (const table of edit.added) this.#tables.set(`${table.level}/${table.number}`, copyOf(table));
    for (const blob of edit.blobs) this.#blobs.set(blob.number, { ...copyOf(blob), garbageBlobs: 0, garbageBytes: 0 });
    for (const { number, blobs, blobBytes } of edit.garbage) {
      const blob = this.#blobs.get(number);
      // Of a file that went already it changes nothing.
      if (blob === undefined) continue;
      blob.garbageBlobs += blobs;
      blob.garbageBytes += blobBytes;
    }
    for (const [tag, raw] of edit.settings) this.#settings.set(tag, Buffer.from(raw));
  }

  /** Nothing says that a blob file is deleted: it goes when nothing of it is of use (VersionBuilder, SaveBlobFilesTo). */
  #dropDeadBlobs(): void {
    if (this.#blobs.size === 0) return;
    const live = new Set(this.#liveBlobs().map(({ number }) => number));
    for (const number of this.#blobs.keys()) if (!live.has(number)) this.#blobs.delete(number);
  }

  #liveBlobs(): KnownBlob[] {
    const linked = new Set([...this.#tables.values()].flatMap(({ oldestBlob }) => oldestBlob ?? []));
    const oldest = Math.min(...linked);
    return [...this.#blobs.values()].filter(
      ({ number, blobs, garbageBlobs }) => number >= oldest && (garbageBlobs < blobs || linked.has(number)),
    );
  }
}

function toGarbageField({ number, garbageBlobs, garbageBytes }: KnownBlob): Buffer {
  const customFieldsEnd = 0;
  return Buffer.concat([tags.blobGarbage, number, garbageBlobs, garbageBytes, customFieldsEnd].map(encodeVarint));
}

/** The bytes that were read are a whole file's, which a slice of them would keep in memory. */
function copyOf<File extends { readonly raw: Buffer }>(file: File): File {
  return { ...file, raw: Buffer.from(file.raw) };
}

function toFileNumber(number: number): string {
  return String(number).padStart(6, '0');
}
