import { toColumns } from './to-columns.ts';

/** A robot as `GET /v1/robots` lists it; `state` is whatever the robot model keeps, read with care. */
export interface ListedRobot {
  readonly robotId: string;
  readonly partition: number;
  readonly state: unknown;
}

const headings = ['ROBOT', 'STATUS', 'MODE', 'BATTERY', 'WHERE', 'ERRORS', 'LAST HEARD (UTC)'] as const;

/** One line per robot, in columns; of a state only what fits a line. */
export function toStateTable(robots: readonly ListedRobot[]): string[] {
  return toColumns(headings, robots.map(toRow));
}

function toRow({ robotId, state }: ListedRobot): string[] {
  const reported = member(state, 'reported');
  const errors = member(state, 'errors');
  return [
    robotId,
    toCell(member(member(state, 'presence'), 'status')),
    toCell(member(reported, 'mode')),
    toBattery(member(reported, 'battery')),
    toPlace(reported),
    Array.isArray(errors) ? errors.map((error) => toCell(member(error, 'type'))).join(',') || '-' : '-',
    toTime(member(member(state, 'presence'), 'lastSeenMs')),
  ];
}

function toBattery(battery: unknown): string {
  const percent = member(battery, 'percent');
  const voltageV = member(battery, 'voltageV');
  const charge = typeof percent === 'number' ? `${round(percent)} %` : '';
  const voltage = typeof voltageV === 'number' ? `${round(voltageV)} V` : '';
  return (
    [charge, voltage, member(battery, 'charging') === true ? '+' : ''].filter((text) => text !== '').join(' ') || '-'
  );
}

function toPlace(reported: unknown): string {
  const pose = member(reported, 'pose');
  const [x, y] = [member(pose, 'x'), member(pose, 'y')];
  if (typeof x === 'number' && typeof y === 'number') return `${round(x)},${round(y)}`;
  return toCell(member(reported, 'node'));
}

function toTime(ms: unknown): string {
  return typeof ms === 'number' ? new Date(ms).toISOString().slice(0, 19).replace('T', ' ') : '-';
}

function toCell(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : '-';
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
