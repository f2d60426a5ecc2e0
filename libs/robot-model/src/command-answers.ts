import { type ActionStatus, type CommandAckStatus, type RobotStateData } from '@fleetstream/contracts';
import { type CommandQueue } from './command-queue.ts';

type Actions = RobotStateData['actions'];

/** What the status of an action says of the command with the same id. */
export const statusOfAction: Readonly<Record<ActionStatus, CommandAckStatus>> = {
  WAITING: 'ACKED',
  INITIALIZING: 'RUNNING',
  RUNNING: 'RUNNING',
  PAUSED: 'PAUSED',
  // It failed and waits for somebody to say what now: not the end yet.
  RETRIABLE: 'RUNNING',
  FINISHED: 'SUCCEEDED',
  FAILED: 'FAILED',
};

/**
 * Takes a state's actions as answers to the commands with their ids. States repeat their actions for as long as they
 * last, so only an action that was not reported like this before says anything.
 */
export function answerByActions(queue: CommandQueue, before: Actions, said: Actions, late: boolean): void {
  for (const { id, status, result } of said ?? []) {
    if (!queue.knows(id)) continue;
    const wasSaid = before?.some((one) => one.id === id && one.status === status) === true;
    if (!wasSaid) queue.answer({ commandId: id, status: statusOfAction[status], late, reason: undefined, result });
  }
}
