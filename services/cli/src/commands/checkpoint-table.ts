import { type ListedCheckpoint } from '@fleetstream/state-store';
import { toColumns } from '../domain/to-columns.ts';

/** One checkpoint as people ask for it. */
export interface CheckpointRow {
  readonly partition: number;
  readonly manifestKey: string;
  readonly appliedOffset: number | null;
  readonly createdAtMs: number | null;
  readonly ageSeconds: number | null;
  readonly files: number;
  readonly sizeBytes: number;
  /** In objects that the checkpoint before doesn't name: about what it took to upload. */
  readonly newBytes: number;
  readonly problem: string | null;
}

/** @param listed newest first, of one partition */
export function toCheckpointRows(
  partition: number,
  listed: readonly ListedCheckpoint[],
  nowMs: number,
): CheckpointRow[] {
  return listed.map((one, index) => {
    const { manifestKey } = one;
    if (one.kind === 'unreadable') {
      const unknown = { appliedOffset: null, createdAtMs: null, ageSeconds: null, files: 0, sizeBytes: 0, newBytes: 0 };
      return { partition, manifestKey, ...unknown, problem: `${one.skip}: ${one.detail}` };
    }
    const { appliedOffset, createdAtMs, files } = one.manifest;
    const before = listed.slice(index + 1).find((other) => other.kind === 'readable');
    const known = new Set(before?.kind === 'readable' ? before.manifest.files.map(({ sha256 }) => sha256) : []);
    const sum = (of: typeof files): number => of.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);
    return {
      ...{ partition, manifestKey, appliedOffset, createdAtMs },
      ageSeconds: Math.round((nowMs - createdAtMs) / 1000),
      files: files.length,
      sizeBytes: sum(files),
      newBytes: sum(files.filter(({ sha256 }) => !known.has(sha256))),
      problem: null,
    };
  });
}

export function toCheckpointTable(rows: readonly CheckpointRow[]): string[] {
  return toColumns(
    ['PARTITION', 'OFFSET', 'AGE', 'FILES', 'SIZE', 'NEW', ''],
    rows.map((row) => [
      String(row.partition),
      row.appliedOffset === null ? '-' : String(row.appliedOffset),
      row.ageSeconds === null ? '-' : toAge(row.ageSeconds),
      String(row.files),
      toSize(row.sizeBytes),
      toSize(row.newBytes),
      row.problem ?? '',
    ]),
  );
}

function toAge(seconds: number): string {
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)}h` : `${Math.round(seconds / 86_400)}d`;
}

export function toSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit += 1) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ''}`;
}
