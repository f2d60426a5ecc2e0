import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Metric } from './sensor-metrics.ts';
import { type Track } from './track.ts';

/** The recording stands still for up to five hours; the replay waits this long at most. */
const gapMsMax = 5000;

/** Columns that are measurements. The labels (protective stop, grip lost) are not: who predicts must not be told. */
const measured: readonly { readonly column: RegExp; readonly name: string; readonly unit?: string }[] = [
  { column: /^Current_J(\d)$/, name: 'current.j', unit: 'A' },
  // One column of the file is called Temperature_T0 where Temperature_J0 is meant.
  { column: /^Temperature_[JT](\d)$/, name: 'temperature.j', unit: 'degC' },
  { column: /^Speed_J(\d)$/, name: 'speed.j', unit: 'rad/s' },
  { column: /^Tool_current$/, name: 'tool.current', unit: 'A' },
  { column: /^cycle$/, name: 'cycle' },
];

/** A UR3 cobot at 1 Hz: semicolons, decimal commas, a header with a trailing blank. */
export async function loadUr3(folder: string): Promise<Track[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.csv')).sort();
  return Promise.all(
    files.map(async (name, index) => toTrack(`ur3-${index + 1}`, await readFile(join(folder, name), 'utf8'))),
  );
}

function toTrack(robotId: string, text: string): Track {
  const [header = '', ...lines] = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const columns = header.split(';').map((name) => toColumn(name.trim()));
  const timeIndex = header.split(';').findIndex((name) => name.trim() === 'Timestamp');
  const rows: { readonly time: string; readonly atMs: number; readonly cells: readonly string[] }[] = [];
  let atMs = 0;
  let beforeMs: number | undefined;
  for (const line of lines) {
    const cells = line.split(';');
    const time = cells[timeIndex] ?? '';
    const recordedMs = Date.parse(time);
    atMs += Math.min(Math.max(recordedMs - (beforeMs ?? recordedMs), 0), gapMsMax);
    beforeMs = recordedMs;
    rows.push({ time, atMs, cells });
  }
  const last = rows.at(-1);
  return {
    robotId,
    model: 'ur3',
    site: 'cobotops',
    length: rows.length,
    durationMs: (last?.atMs ?? 0) + 1000,
    thinnable: true,
    atMs: (index) => rows[index]?.atMs ?? 0,
    event: (index) => {
      const row = rows[index];
      const metrics = toRowMetrics(columns, row?.cells ?? []);
      return { type: 'robot.telemetry.v1', time: row?.time, dataText: JSON.stringify({ metrics }) };
    },
  };
}

interface Column {
  readonly name: string;
  readonly unit: string | undefined;
}

function toColumn(header: string): Column | undefined {
  for (const { column, name, unit } of measured) {
    const match = column.exec(header);
    if (match !== null) return { name: `${name}${match[1] ?? ''}`, unit };
  }
  return undefined;
}

/** Blank cells are measurements that weren't taken: they are left out, not zero. */
function toRowMetrics(columns: readonly (Column | undefined)[], cells: readonly string[]): Record<string, Metric> {
  const metrics: Record<string, Metric> = {};
  for (const [index, column] of columns.entries()) {
    const cell = cells[index]?.trim() ?? '';
    const value = Number(cell.replace(',', '.'));
    if (column === undefined || cell === '' || !Number.isFinite(value)) continue;
    metrics[column.name] = column.unit === undefined ? { value } : { value, unit: column.unit };
  }
  return metrics;
}
