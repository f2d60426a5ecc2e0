import { toClock } from './robot-table.ts';

/** A robot as the command service tells of it, a line each of what is known; `live.errors` in words. */
export function toRobotLines(robot: unknown): string[] {
  const live = member(robot, 'live');
  const offsetMs = member(live, 'clockOffsetMs');
  const percent = member(member(live, 'battery'), 'percent');
  const errors = member(live, 'errors');
  const fields: readonly (readonly [string, string | undefined])[] = [
    ...(['robotId', 'name', 'fleet', 'site', 'model'] as const).map(
      (name) => [name === 'robotId' ? 'robot' : name, toText(member(robot, name))] as const,
    ),
    ['status', toText(member(member(live, 'presence'), 'status'))],
    ['mode', toText(member(live, 'mode'))],
    ['battery', typeof percent === 'number' ? `${Math.round(percent)} %` : undefined],
    ['clock', typeof offsetMs === 'number' ? toClock(offsetMs) : undefined],
    ['errors', Array.isArray(errors) ? errors.map(toErrorText).join(', ') : undefined],
    ['state', member(live, 'stale') === true ? toStaleText(member(live, 'ageMs')) : undefined],
  ];
  return fields.flatMap(([name, text]) => (text === undefined || text === '' ? [] : [`${name.padEnd(8)}${text}`]));
}

function toErrorText(error: unknown): string {
  return `${toText(member(error, 'type')) ?? '-'} (${toText(member(error, 'level')) ?? '-'})`;
}

function toStaleText(ageMs: unknown): string {
  return typeof ageMs === 'number' ? `the processor is away; as of ${Math.round(ageMs / 1000)} s ago` : 'not known now';
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
