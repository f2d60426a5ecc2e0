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
}

export interface RobotChoice {
  readonly fleet?: string | undefined;
  readonly site?: string | undefined;
  readonly model?: string | undefined;
  readonly tag?: string | undefined;
  readonly status?: string | undefined;
  readonly text?: string | undefined;
}

const headings = ['ROBOT', 'NAME', 'FLEET', 'SITE', 'MODEL', 'TAGS', 'STATUS', 'MODE', 'BATTERY'] as const;

/** Who the robots are, joined with how they are, by id. Robots that only the log knows are there as well. */
export function joinRobots(listed: readonly PlatformRobot[], live: readonly ListedRobot[]): readonly JoinedRobot[] {
  const joined = new Map<string, JoinedRobot>(listed.map((robot) => [robot.id, { ...robot, status: 'unknown' }]));
  for (const { robotId, state } of live) {
    const known = joined.get(robotId) ?? { ...toIdentity(state), id: robotId };
    if (member(member(state, 'identity'), 'retired') === true && !joined.has(robotId)) continue;
    const mode = member(member(state, 'reported'), 'mode');
    const percent = member(member(member(state, 'reported'), 'battery'), 'percent');
    joined.set(robotId, {
      ...known,
      status: toText(member(member(state, 'presence'), 'status')) ?? 'unknown',
      ...(typeof mode === 'string' && { mode }),
      ...(typeof percent === 'number' && { batteryPercent: percent }),
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
    robots.map(({ id, name, fleet, site, model, tags, status, mode, batteryPercent }) => [
      ...[id, name ?? '-', fleet ?? '-', site ?? '-', model ?? '-', tags?.join(',') ?? '-'],
      ...[status, mode ?? '-', batteryPercent === undefined ? '-' : `${Math.round(batteryPercent)} %`],
    ]),
  );
}

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
