import { type Commands } from './command-queue.ts';
import { presenceDueAt } from './presence.ts';
import { stateEndsAt } from './retirement.ts';
import { type RobotRules } from './robot-rules.ts';
import { type RobotState } from './robot-state.ts';

/**
 * When the robot's earliest timer is due, in log milliseconds: its silence turns into absence, a command expires, or the
 * state of a retired one ends.
 */
export function robotDueAt(state: RobotState, rules: RobotRules): number | undefined {
  const { presence, commands, identity } = state;
  const presenceMs = presenceDueAt(presence, rules.offlineAfterMs);
  if (identity.retired) return earliest(presenceMs, stateEndsAt(state, rules) ?? firstExpiryOf(commands));
  return earliest(presenceMs, firstExpiryOf(commands));
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}

function firstExpiryOf(commands: Commands | undefined): number | undefined {
  if (commands === undefined) return undefined;
  let first: number | undefined;
  for (const { expiresAtMs } of commands.open) if (first === undefined || expiresAtMs < first) first = expiresAtMs;
  return first;
}
