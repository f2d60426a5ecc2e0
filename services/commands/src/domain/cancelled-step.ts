import { isSettled, isTerminal } from '@fleetstream/contracts';
import { type CommandView } from './command-view.ts';

/** What comes of cancelling a command; `pending` until the log has told. `refused`: the robot has too much open. */
export const cancelOutcomes = ['pending', 'cancelled', 'too-late', 'not-active', 'refused'] as const;

export type CancelOutcome = (typeof cancelOutcomes)[number];

/** A cancelling of a step and what came of it. */
export interface StepCancelling {
  /** Of the cancelling, a command itself. */
  readonly commandId: string;
  readonly outcome: CancelOutcome;
  readonly by?: string | undefined;
}

/** How the cancelling says itself that it ended. */
export function toStepCancelling({ commandId, status, reason, requestedBy }: CommandView): StepCancelling {
  return { commandId, outcome: toOutcome(status, reason), by: requestedBy };
}

/** Whether nothing of it is left to be cancelled: it has ended, or nobody will hear of it any more. */
export function hasEnded({ status, ask }: CommandView): boolean {
  return isSettled(status) || (isTerminal(status) && ask !== true);
}

function toOutcome(status: CommandView['status'], reason: string | undefined): CancelOutcome {
  if (status === 'SUCCEEDED') return 'cancelled';
  if (status === 'REJECTED') return reason === 'not-active' ? 'not-active' : 'refused';
  return isSettled(status) ? 'too-late' : 'pending';
}
