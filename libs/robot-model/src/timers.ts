import { type Commands } from './command-queue.ts';
import { presenceDueAt } from './presence.ts';
import { type RobotRules } from './robot-rules.ts';
import { type RobotState } from './robot-state.ts';

/** When the robot's earliest timer is due, in log milliseconds: its silence turns into absence, or a command expires. */
export function robotDueAt({ presence, commands }: RobotState, rules: RobotRules): number | undefined {
  const presenceMs = presenceDueAt(presence, rules.offlineAfterMs);
  const expiryMs = commands === undefined ? undefined : firstExpiryMs(commands);
  if (presenceMs === undefined || expiryMs === undefined) return presenceMs ?? expiryMs;
  return Math.min(presenceMs, expiryMs);
}

function firstExpiryMs({ open }: Commands): number | undefined {
  let first: number | undefined;
  for (const { expiresAtMs } of open) if (first === undefined || expiresAtMs < first) first = expiresAtMs;
  return first;
}
