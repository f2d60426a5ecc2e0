import { type CommandData, type CommandStatus } from '@fleetstream/contracts';

/** One step of a command's life, as the log told it. */
export interface CommandStep {
  readonly status: CommandStatus;
  /** Log time, milliseconds since the epoch. */
  readonly atMs: number;
  readonly reason?: string;
  readonly result?: string;
}

/** What is known of a command: where it stands and how it came there. */
export interface CommandView {
  readonly commandId: string;
  readonly robotId: string;
  readonly status: CommandStatus;
  readonly action: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly requestedBy?: string;
  readonly requestedAtMs: number;
  readonly expiresAtMs: number;
  readonly attempt?: number;
  readonly reason?: string;
  readonly result?: string;
  /** Oldest first. It begins in the middle where the log was read from there. */
  readonly history: readonly CommandStep[];
}

/** A life has ten steps at most; a log that says more is not believed without end. */
const historyMax = 16;

export function toCommandView(before: CommandView | undefined, data: CommandData): CommandView {
  const { status, atMs, reason, result } = data;
  const step = { status, atMs, ...(reason !== undefined && { reason }), ...(result !== undefined && { result }) };
  return {
    commandId: data.commandId,
    robotId: data.robotId,
    status,
    action: data.action,
    ...(data.parameters !== undefined && { parameters: data.parameters }),
    ...(data.requestedBy !== undefined && { requestedBy: data.requestedBy }),
    requestedAtMs: data.requestedAtMs,
    expiresAtMs: data.expiresAtMs,
    ...(data.attempt !== undefined && { attempt: data.attempt }),
    ...(reason !== undefined && { reason }),
    ...(result !== undefined && { result }),
    history: [...(before?.history ?? []), step].slice(-historyMax),
  };
}
