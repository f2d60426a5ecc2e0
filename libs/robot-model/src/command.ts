import {
  type CommandRequestedData,
  commandExpiryMs,
  type CommandPriority,
  type CommandStatus,
  commandStatuses,
  type Condition,
  isTerminal,
  type TerminalStatus,
} from '@fleetstream/contracts';

/**
 * The life of one command. What each status says, and what moves a command there:
 *
 *   ACCEPTED    it waits for its turn                        the request; a try that came to nothing, with tries left
 *   QUEUED      its turn has come: it is due for delivery    a place in flight; a delivery that certainly did not happen
 *   SENT        an instance was granted to hand it over      a delivery result
 *   DELIVERED   it was handed over; nobody has read it yet   a delivery result
 *   ACKED       the robot has it                             the robot
 *   RUNNING     the robot works on it                        the robot
 *   PAUSED      the robot has halted it                      the robot
 *   UNKNOWN     it may have been done, or not                a timer: no answer, or not ended in time
 *   SUCCEEDED   done                                         the robot
 *   FAILED      it came to nothing                           the robot
 *   REJECTED    not to be done                               the robot, the request, or who had to approve
 *   EXPIRED     certainly not done in time                   a timer, or the robot when it is asked
 *   CANCELLED   undone before it was done                    a cancel, the robot, or the command before it in its task
 *   SUPERSEDED  overtaken by a stop                          a stop, or the robot that knows of one
 *
 * The robot's own word settles a command even when the result of the delivery was never seen, so every later status may
 * be jumped to. An end is an end, but for UNKNOWN, of which the robot may still tell what came of it.
 */
export const commandMoves: Readonly<Record<CommandStatus, readonly CommandStatus[]>> = {
  ACCEPTED: commandStatuses.slice(1).filter((status) => status !== 'UNKNOWN'),
  // UNKNOWN: a stop is handed over without waiting for the log's grant.
  QUEUED: commandStatuses.slice(2),
  SENT: ['ACCEPTED', 'QUEUED', ...commandStatuses.slice(3)],
  DELIVERED: ['ACCEPTED', ...commandStatuses.slice(4)],
  ACKED: ['ACCEPTED', ...commandStatuses.slice(5)],
  RUNNING: ['ACCEPTED', ...commandStatuses.slice(6)],
  PAUSED: ['ACCEPTED', 'RUNNING', ...commandStatuses.slice(7)],
  UNKNOWN: ['ACCEPTED', 'ACKED', 'RUNNING', 'PAUSED', ...commandStatuses.slice(8)],
  SUCCEEDED: [],
  FAILED: [],
  REJECTED: [],
  EXPIRED: [],
  CANCELLED: [],
  SUPERSEDED: [],
};

/** A command as the robot's state holds it. */
export interface Command {
  readonly id: string;
  readonly action: string;
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  readonly requestedBy?: string | undefined;
  readonly requestedAtMs: number;
  readonly expiresAtMs: number;
  readonly status: CommandStatus;
  /** Log time of its latest transition. */
  readonly atMs: number;
  /** The robot's control epoch when it was requested. */
  readonly epoch: number;
  /** Which try this is, from 2; each may be begun once. */
  readonly tries?: number | undefined;
  readonly triesMax?: number | undefined;
  /** The highest that was granted, and to which instance. */
  readonly attempt?: number | undefined;
  readonly instance?: string | undefined;
  readonly idempotent?: boolean | undefined;
  readonly stop?: boolean | undefined;
  readonly cancels?: string | undefined;
  readonly priority?: CommandPriority | undefined;
  readonly notBeforeMs?: number | undefined;
  /** Gone as soon as that command has ended. */
  readonly after?: CommandRequestedData['after'];
  readonly when?: Condition | undefined;
  readonly verify?: CommandRequestedData['verify'];
  readonly needsApproval?: boolean | undefined;
  readonly approvedBy?: string | undefined;
  readonly taskId?: string | undefined;
  readonly rolloutId?: string | undefined;
}

/** What is remembered of a command that has ended. */
export interface FinishedCommand {
  readonly id: string;
  readonly status: TerminalStatus;
  readonly atMs: number;
}

/** Whether the command is with the robot or on its way there, and so takes one of the places in flight. */
export function isInFlight({ status }: Command): boolean {
  return status !== 'ACCEPTED' && !isTerminal(status);
}

/** Whether it is certain that no robot was given it, since nothing is handed over before the log has granted it. */
export function isWithUs({ status, stop }: Command): boolean {
  return status === 'ACCEPTED' || (status === 'QUEUED' && stop !== true);
}

/** A stop and a cancel don't wait for places: they make them. */
export function jumpsQueue({ stop, cancels }: Command): boolean {
  return stop === true || cancels !== undefined;
}

export function createCommand(
  said: CommandRequestedData,
  at: { readonly status: CommandStatus; readonly nowMs: number; readonly epoch: number },
): Command {
  return toCommand({
    ...said,
    id: said.commandId,
    requestedAtMs: at.nowMs,
    expiresAtMs: at.nowMs + (said.expiresInMs ?? commandExpiryMs.default),
    status: at.status,
    atMs: at.nowMs,
    epoch: at.epoch,
    // Stopping twice is stopping.
    idempotent: said.stop === true ? true : said.idempotent,
  });
}

/** The keys in one order and none undefined, so that equal commands have equal texts. */
export function toCommand(command: Command): Command {
  const { id, action, parameters, requestedBy, requestedAtMs, expiresAtMs, status, atMs, epoch } = command;
  const { tries, triesMax, attempt, instance, idempotent, stop, cancels, priority, notBeforeMs } = command;
  const { after, when, verify, needsApproval, approvedBy, taskId, rolloutId } = command;
  return {
    id,
    action,
    ...(parameters !== undefined && { parameters }),
    ...(requestedBy !== undefined && { requestedBy }),
    requestedAtMs,
    expiresAtMs,
    status,
    atMs,
    epoch,
    ...(tries !== undefined && { tries }),
    ...(triesMax !== undefined && { triesMax }),
    ...(attempt !== undefined && { attempt }),
    ...(instance !== undefined && { instance }),
    ...(idempotent !== undefined && { idempotent }),
    ...(stop !== undefined && { stop }),
    ...(cancels !== undefined && { cancels }),
    ...(priority !== undefined && { priority }),
    ...(notBeforeMs !== undefined && { notBeforeMs }),
    ...(after !== undefined && { after }),
    ...(when !== undefined && { when }),
    ...(verify !== undefined && { verify }),
    ...(needsApproval !== undefined && { needsApproval }),
    ...(approvedBy !== undefined && { approvedBy }),
    ...(taskId !== undefined && { taskId }),
    ...(rolloutId !== undefined && { rolloutId }),
  };
}
