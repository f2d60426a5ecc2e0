import { ManifestDamaged } from './manifest-damaged.ts';
import { parseVersionEdit, type VersionEdit } from './parse-version-edit.ts';
import { readLogRecords } from './read-log-records.ts';

export interface ParsedManifest {
  /** The live table files. */
  readonly tables: readonly { readonly name: string; readonly sizeBytes: number }[];
  /** A copy of the MANIFEST is cut here: behind it is a record, or a group of them, that isn't whole. */
  readonly endBytes: number;
}

/**
 * The table files that make up the database at the end of a MANIFEST, or of its beginning: every prefix of the file
 * is a state that the database was in.
 *
 * @throws ManifestDamaged
 */
export function parseManifest(manifest: Buffer): ParsedManifest {
  const live = new Map<string, { name: string; sizeBytes: number }>();
  let group: VersionEdit[] = [];
  let endBytes = 0;
  for (const record of readLogRecords(manifest)) {
    const edit = parseVersionEdit(record.bytes);
    if (group.length > 0 && edit.groupRemaining === undefined) throw new ManifestDamaged('An atomic group is torn');
    group.push(edit);
    if (edit.groupRemaining !== undefined && edit.groupRemaining > 0) continue;
    for (const whole of group) applyEdit(live, whole);
    group = [];
    endBytes = record.endBytes;
  }
  if (endBytes === 0) throw new ManifestDamaged('There is no whole record');
  return { tables: [...live.values()], endBytes };
}

/** A file that moves to another level is deleted from the one and added to the other by the same edit. */
function applyEdit(live: Map<string, { name: string; sizeBytes: number }>, edit: VersionEdit): void {
  for (const { level, number } of edit.deleted) {
    if (!live.delete(`${level}/${number}`)) throw new ManifestDamaged(`Table ${number} is deleted but wasn't there`);
  }
  for (const { level, number, sizeBytes } of edit.added) {
    live.set(`${level}/${number}`, { name: `${String(number).padStart(6, '0')}.sst`, sizeBytes });
  }
}
