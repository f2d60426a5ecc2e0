import {
  type CommandRequestedData,
  commandExpiryMs,
  type CommandStatus,
  commandStatuses,
  isTerminal,
  type TerminalStatus,
} from '@fleetstream/contracts';

/**
 * The life of one command. What each status says, and what moves a command there:
 *
 *   ACCEPTED    it waits for its turn                          the request
 *   QUEUED      its turn has come: it is due for delivery      a place in flight
 *   SENT        an attempt to hand it over is under way        a delivery result
 *   DELIVERED   it was handed over; nobody has read it yet     a delivery result
 *   ACKED       the robot has it                               the robot
 *   RUNNING     the robot works on it                          the robot
 *   SUCCEEDED   done                                           the robot
 *   FAILED      it came to nothing                             the robot
 *   REJECTED    not to be done                                 the robot, or the request when the queue is full
 *   EXPIRED     not ended in time                              a timer
 *
 * The statuses stand in the order of a life. A command that has not ended goes to any later status, over those between:
 * the robot's own word settles it even when the result of the delivery was never seen. Nothing goes back, and an end is
 * an end. Word that is no legal move moves nothing.
 */
export const commandMoves: Readonly<Record<CommandStatus, readonly CommandStatus[]>> = {
  ACCEPTED: commandStatuses.slice(1),
  QUEUED: commandStatuses.slice(2),
  SENT: commandStatuses.slice(3),
  DELIVERED: commandStatuses.slice(4),
  ACKED: commandStatuses.slice(5),
  RUNNING: commandStatuses.slice(6),
  SUCCEEDED: [],
  FAILED: [],
  REJECTED: [],
  EXPIRED: [],
};

/** A command as the robot's state holds it; `attempt` is the highest that a delivery result told of. */
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
  readonly attempt?: number | undefined;
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

export function createCommand(said: CommandRequestedData, status: CommandStatus, nowMs: number): Command {
  return toCommand({
    id: said.commandId,
    action: said.action,
    parameters: said.parameters,
    requestedBy: said.requestedBy,
    requestedAtMs: nowMs,
    expiresAtMs: nowMs + (said.expiresInMs ?? commandExpiryMs.default),
    status,
    atMs: nowMs,
  });
}

/** The keys in one order and none undefined, so that equal commands have equal texts. */
export function toCommand(command: Command): Command {
  const { id, action, parameters, requestedBy, requestedAtMs, expiresAtMs, status, atMs, attempt } = command;
  return {
    id,
    action,
    ...(parameters !== undefined && { parameters }),
    ...(requestedBy !== undefined && { requestedBy }),
    requestedAtMs,
    expiresAtMs,
    status,
    atMs,
    ...(attempt !== undefined && { attempt }),
  };
}
