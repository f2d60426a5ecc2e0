import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));

/** A real robot's numbers, one row per sample; `atMs` counts from the recording's first row. */
export interface Recording {
  readonly name: string;
  readonly atMs: readonly number[];
  readonly series: Readonly<Record<string, readonly (number | undefined)[]>>;
  /** What people said of the rows, by label. Never shown to a model. */
  readonly labels: Readonly<Record<string, readonly boolean[]>>;
}

export function hasRecordings(): boolean {
  return existsSync(join(folder, 'ur3-cobotops'));
}

/** A UR3 cobot at 1 Hz, with protective stops and lost grips. Semicolons and decimal commas. */
export function loadUr3(): Recording {
  const lines = readFileSync(join(folder, 'ur3-cobotops/ur3_cobotops_rows0001-4500.csv'), 'utf8').trim().split(/\r?\n/);
  const names = (lines[0] ?? '').split(';').map((name) => name.trim());
  const rows = lines.slice(1).map((line) => line.split(';'));
  const column = (name: string) => rows.map((row) => row[names.indexOf(name)]?.trim() ?? '');
  const metrics = names.filter((name) => /^(?:Current|Temperature|Speed|Tool)_/i.test(name));
  const times = column('Timestamp').map((text) => Date.parse(text));
  return {
    name: 'ur3',
    atMs: times.map((time) => time - (times[0] ?? 0)),
    series: Object.fromEntries(metrics.map((name) => [name, column(name).map(toNumber)])),
    labels: Object.fromEntries(
      ['Robot_ProtectiveStop', 'grip_lost'].map((name) => [name, column(name).map((text) => /^true$/i.test(text))]),
    ),
  };
}

/** Flights of a small drone, of which every tenth row is taken: 10 Hz. */
export function loadCrazyflies(): Recording[] {
  const files = readdirSync(join(folder, 'crazyflie-battery')).filter((file) => file.endsWith('.csv'));
  return files.sort().map((file) => {
    const lines = readFileSync(join(folder, 'crazyflie-battery', file), 'utf8')
      .trim()
      .split(/\r?\n/);
    const names = (lines[0] ?? '').split(',');
    const rows = lines.slice(1).flatMap((line, index) => (index % 10 === 0 ? [line.split(',')] : []));
    return {
      name: file.replace('.csv', ''),
      atMs: rows.map((_, index) => index * 100),
      series: Object.fromEntries(names.map((name, at) => [name, rows.map((row) => toNumber(row[at] ?? ''))])),
      labels: {},
    };
  });
}

function toNumber(text: string): number | undefined {
  const value = Number(text.replace(',', '.'));
  return text === '' || Number.isNaN(value) ? undefined : value;
}
