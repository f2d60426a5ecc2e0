import { type CommandAckStatus, type CommandStatus, isSettled } from '@fleetstream/contracts';
import { type CommandLimits, type Commands, noCommands } from '../src/command-ledger.ts';
import { type CommandAnswer } from '../src/command-queue.ts';
import { unknownPresence } from '../src/presence.ts';
import { nothingReported } from '../src/reported.ts';

/** Small, so that few commands reach them. */
export const limits: CommandLimits = {
  commandsOpenMax: 3,
  commandsReservedMax: 2,
  commandsInFlightMax: 2,
  commandsFinishedMax: 2,
  commandAnswerWithinMs: 20_000,
  commandSettleWithinMs: 600_000,
  commandRetryMs: 1_000,
};
export const start = 1_000_000;
export const robot = { presence: unknownPresence, reported: nothingReported };

/** The robot's word on the command `c`. */
export function answer(status: CommandAckStatus): CommandAnswer {
  return { commandId: 'c', status, late: false, reason: undefined, result: undefined };
}

/** A robot whose only command has this status. */
export function commandsWith(status: CommandStatus | undefined, more: object = {}): Commands | undefined {
  if (status === undefined) return undefined;
  const times = { requestedAtMs: start, expiresAtMs: start + 60_000, atMs: start };
  const command = { id: 'c', action: 'move', ...times, status, epoch: 0, triesMax: 2, attempt: 1, ...more };
  return isSettled(status)
    ? { ...noCommands, finished: [{ id: 'c', status, atMs: start }] }
    : { ...noCommands, open: [command] };
}
