import { commandsDueAt } from './command-timers.ts';
import { presenceDueAt } from './presence.ts';
import { stateEndsAt } from './retirement.ts';
import { type RobotRules } from './robot-rules.ts';
import { type RobotState } from './robot-state.ts';

/**
 * When the robot's earliest timer is due, in log milliseconds: its silence turns into absence, a command is due, or the
 * state of a retired one ends.
 */
export function robotDueAt(state: RobotState, rules: RobotRules): number | undefined {
  const { presence, commands, identity, lastLogTimeMs } = state;
  const presenceMs = presenceDueAt(presence, rules.offlineAfterMs);
  const commandsMs = commands === undefined ? undefined : commandsDueAt(commands, lastLogTimeMs, rules);
  if (identity.retired) return earliest(presenceMs, stateEndsAt(state, rules) ?? commandsMs);
  return earliest(presenceMs, commandsMs);
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
