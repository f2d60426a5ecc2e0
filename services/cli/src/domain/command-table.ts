import { toColumns } from './to-columns.ts';

/** A command as the command service tells it, as far as it is shown. */
export interface ShownCommand {
  readonly commandId: string;
  readonly robotId: string;
  readonly status: string;
  readonly action?: string;
  readonly parameters?: object;
  readonly requestedBy?: string;
  readonly requestedAtMs?: number;
  readonly reason?: string;
  readonly result?: string;
  readonly history?: readonly ShownStep[];
}

export interface ShownStep {
  readonly status: string;
  readonly atMs: number;
  readonly reason?: string;
  readonly result?: string;
}

const headings = ['COMMAND', 'ROBOT', 'ACTION', 'STATUS', 'REQUESTED (UTC)', 'BY'] as const;

/** One line per command, in columns. */
export function toCommandTable(commands: readonly ShownCommand[]): string[] {
  return toColumns(
    headings,
    commands.map((command) => [
      command.commandId,
      command.robotId,
      command.action ?? '-',
      command.status,
      command.requestedAtMs === undefined ? '-' : toTime(command.requestedAtMs).slice(0, 19),
      command.requestedBy ?? '-',
    ]),
  );
}

/** What was asked of the robot, and a line for each step since. */
export function toCommandLines(command: ShownCommand): string[] {
  const { commandId, robotId, action = '', parameters, status, requestedBy, history = [] } = command;
  const asked = [action, ...(parameters === undefined ? [] : [JSON.stringify(parameters)])].join(' ');
  return [
    `${commandId}  ${robotId}  ${asked}${requestedBy === undefined ? '' : `  (by ${requestedBy})`}`,
    ...history.map(toStepLine),
    ...(history.length === 0 ? [`  ${status}`] : []),
  ];
}

/** One step of a command's life. */
export function toStepLine({ status, atMs, reason, result }: ShownStep): string {
  return `  ${toTime(atMs)}  ${status.padEnd(9)} ${reason ?? result ?? ''}`.trimEnd();
}

function toTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 23).replace('T', ' ');
}
