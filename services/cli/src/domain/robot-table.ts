import { type ListedRobot } from './state-table.ts';
import { toColumns } from './to-columns.ts';

/** A robot as the Robot Platform lists it. */
export interface PlatformRobot {
  readonly id: string;
  readonly name?: string;
  readonly fleet?: string;
  readonly site?: string;
  readonly model?: string;
  readonly tags?: readonly string[];
}

/** The same with what it said of itself; of a robot that never spoke, nothing. */
export interface JoinedRobot extends PlatformRobot {
  readonly status: string;
  readonly mode?: string;
  readonly batteryPercent?: number;
  /** How far its clock is behind, in milliseconds; ahead when below zero. */
  readonly clockOffsetMs?: number;
}

export interface RobotChoice {
  readonly fleet?: string | undefined;
  readonly site?: string | undefined;
  readonly model?: string | undefined;
  readonly tag?: string | undefined;
  readonly status?: string | undefined;
  readonly text?: string | undefined;
}

const headings = ['ROBOT', 'NAME', 'FLEET', 'SITE', 'MODEL', 'TAGS', 'STATUS', 'MODE', 'BATTERY', 'CLOCK'] as const;

/** Who the robots are, joined with how they are, by id. Robots that only the log knows are there as well. */
export function joinRobots(listed: readonly PlatformRobot[], live: readonly ListedRobot[]): readonly JoinedRobot[] {
  const joined = new Map<string, JoinedRobot>(listed.map((robot) => [robot.id, { ...robot, status: 'unknown' }]));
  for (const { robotId, state } of live) {
    const known = joined.get(robotId) ?? { ...toIdentity(state), id: robotId };
    if (member(member(state, 'identity'), 'retired') === true && !joined.has(robotId)) continue;
    const mode = member(member(state, 'reported'), 'mode');
    const clockOffsetMs = member(state, 'clockOffsetMs');
    const percent = member(member(member(state, 'reported'), 'battery'), 'percent');
    joined.set(robotId, {
      ...known,
      status: toText(member(member(state, 'presence'), 'status')) ?? 'unknown',
      ...(typeof mode === 'string' && { mode }),
      ...(typeof percent === 'number' && { batteryPercent: percent }),
      ...(typeof clockOffsetMs === 'number' && { clockOffsetMs }),
    });
  }
  return [...joined.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

export function chooseRobots(robots: readonly JoinedRobot[], choice: RobotChoice): readonly JoinedRobot[] {
  const wanted = choice.text?.toLowerCase();
  return robots.filter(
    (robot) =>
      (['fleet', 'site', 'model', 'status'] as const).every(
        (field) => choice[field] === undefined || robot[field] === choice[field],
      ) &&
      (choice.tag === undefined || robot.tags?.includes(choice.tag) === true) &&
      (wanted === undefined || `${robot.id} ${robot.name ?? ''}`.toLowerCase().includes(wanted)),
  );
}

/** One line per robot, in columns. */
export function toRobotTable(robots: readonly JoinedRobot[]): string[] {
  return toColumns(
    headings,
    robots.map(({ id, name, fleet, site, model, tags, status, mode, batteryPercent, clockOffsetMs }) => [
      ...[id, name ?? '-', fleet ?? '-', site ?? '-', model ?? '-', tags?.join(',') ?? '-'],
      ...[status, mode ?? '-', batteryPercent === undefined ? '-' : `${Math.round(batteryPercent)} %`],
      toClock(clockOffsetMs),
    ]),
  );
}

const units = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'min', ms: 60_000 },
] as const;

/** How a robot's clock goes, as one says it of a watch; what its events take on their way makes it look behind. */
export function toClock(offsetMs: number | undefined): string {
  if (offsetMs === undefined) return '-';
  const awayMs = Math.abs(offsetMs);
  if (awayMs < rightWithinMs) return 'right';
  const unit = units.find(({ ms }) => awayMs >= ms);
  const away = unit === undefined ? `${Math.round(awayMs / 1000)} s` : `${(awayMs / unit.ms).toFixed(1)} ${unit.name}`;
  return `${away} ${offsetMs > 0 ? 'behind' : 'ahead'}`;
}

/** Below it, it may be the network. */
const rightWithinMs = 5000;

function toIdentity(state: unknown): Partial<PlatformRobot> {
  const identity = member(state, 'identity');
  const fields = (['name', 'fleet', 'site', 'model'] as const).flatMap((field) => {
    const text = toText(member(identity, field));
    return text === undefined ? [] : [[field, text] as const];
  });
  return Object.fromEntries(fields);
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
