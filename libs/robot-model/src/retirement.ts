import { type ErrorsTransition } from './active-errors.ts';
import { unknownIdentity } from './identity.ts';
import { noMetrics } from './metrics.ts';
import { nothingReported } from './reported.ts';
import { type RobotRules } from './robot-rules.ts';
import { type RobotState } from './robot-state.ts';

/**
 * When the state of a retired robot ends, in log milliseconds: `retiredKeptMs` after the last thing that happened to it,
 * so that a robot which goes on talking is still known as a retired one. Commands come to their own end first.
 */
export function stateEndsAt(
  { identity, commands, lastLogTimeMs }: Pick<RobotState, 'identity' | 'commands' | 'lastLogTimeMs'>,
  { retiredKeptMs }: Pick<RobotRules, 'retiredKeptMs'>,
): number | undefined {
  if (!identity.retired || (commands !== undefined && commands.open.length + commands.verifying.length > 0))
    return undefined;
  return lastLogTimeMs + retiredKeptMs;
}

/** What a robot forgets when it is enrolled again: all that it was before, and nothing by which events count once. */
export const cleanStart: Pick<RobotState, 'identity' | 'clockOffsetMs' | 'reported' | 'errors' | 'metrics'> = {
  identity: unknownIdentity,
  clockOffsetMs: undefined,
  reported: nothingReported,
  errors: [],
  metrics: noMetrics,
};

/** The errors that end with the robot's earlier life. */
export function clearAll(errors: RobotState['errors']): ErrorsTransition {
  return { errors: [], raised: [], cleared: errors };
}
