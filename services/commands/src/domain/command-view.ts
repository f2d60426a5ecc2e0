import { type CommandData, type CommandPriority, type CommandStatus, type Verification } from '@fleetstream/contracts';

/** One step of a command's life, as the log told it. */
export interface CommandStep {
  readonly status: CommandStatus;
  /** Log time, milliseconds since the epoch. */
  readonly atMs: number;
  readonly reason?: string;
  readonly result?: string;
  /** Who caused it, where a person or a program did. */
  readonly by?: string;
  readonly verification?: Verification;
  /** Where in fleet.commands it stands. */
  readonly at?: LogPlace;
}

export interface LogPlace {
  readonly partition: number;
  readonly offset: number;
}

/** What is known of a command: where it stands and how it came there. */
export interface CommandView {
  readonly commandId: string;
  readonly robotId: string;
  readonly status: CommandStatus;
  readonly action: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly requestedBy?: string;
  /** The event that asked for it: its id comes from all that was asked for. */
  readonly requestEventId?: string;
  readonly requestedAtMs: number;
  readonly expiresAtMs: number;
  readonly attempt?: number;
  /** The robot's control epoch that it belongs to. */
  readonly epoch: number;
  readonly tries?: number;
  readonly idempotent?: boolean;
  readonly stop?: boolean;
  /** The command that this one is to undo. */
  readonly cancels?: string;
  /** The robot is to be asked what came of it. */
  readonly ask?: boolean;
  readonly priority?: CommandPriority;
  readonly notBeforeMs?: number;
  readonly after?: NonNullable<CommandData['after']>;
  readonly taskId?: string;
  readonly rolloutId?: string;
  readonly needsApproval?: boolean;
  readonly approvedBy?: string;
  readonly verification?: Verification;
  readonly reason?: string;
  readonly result?: string;
  /** Oldest first. It begins in the middle where the log was read from there. */
  readonly history: readonly CommandStep[];
}

/** Tries make a life longer; the first steps give way. */
const historyMax = 32;

export function toCommandView(before: CommandView | undefined, data: CommandData, at?: LogPlace): CommandView {
  const { reason, result } = data;
  const requestEventId = data.previousStatus === undefined ? data.eventId : before?.requestEventId;
  return {
    commandId: data.commandId,
    robotId: data.robotId,
    status: data.status,
    action: data.action,
    ...(data.parameters !== undefined && { parameters: data.parameters }),
    ...(data.requestedBy !== undefined && { requestedBy: data.requestedBy }),
    ...(requestEventId !== undefined && { requestEventId }),
    requestedAtMs: data.requestedAtMs,
    expiresAtMs: data.expiresAtMs,
    ...(data.attempt !== undefined && { attempt: data.attempt }),
    epoch: data.epoch ?? 0,
    ...(data.tries !== undefined && { tries: data.tries }),
    ...(data.idempotent !== undefined && { idempotent: data.idempotent }),
    ...(data.stop !== undefined && { stop: data.stop }),
    ...(data.cancels !== undefined && { cancels: data.cancels }),
    ...(data.ask !== undefined && { ask: data.ask }),
    ...(data.priority !== undefined && { priority: data.priority }),
    ...(data.notBeforeMs !== undefined && { notBeforeMs: data.notBeforeMs }),
    ...(data.after !== undefined && { after: data.after }),
    ...(data.taskId !== undefined && { taskId: data.taskId }),
    ...(data.rolloutId !== undefined && { rolloutId: data.rolloutId }),
    ...(data.needsApproval !== undefined && { needsApproval: data.needsApproval }),
    ...(data.approvedBy !== undefined && { approvedBy: data.approvedBy }),
    ...(data.verification !== undefined && { verification: data.verification }),
    ...(reason !== undefined && { reason }),
    ...(result !== undefined && { result }),
    history: [...(before?.history ?? []), toStep(data, at)].slice(-historyMax),
  };
}

export function toStep(data: CommandData, at?: LogPlace): CommandStep {
  const { status, atMs, reason, result, by, verification } = data;
  return {
    status,
    atMs,
    ...(reason !== undefined && { reason }),
    ...(result !== undefined && { result }),
    ...(by !== undefined && { by }),
    ...(verification !== undefined && { verification }),
    ...(at !== undefined && { at }),
  };
}
