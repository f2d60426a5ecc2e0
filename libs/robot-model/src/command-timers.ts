import { type Commands, type CommandLimits } from './command-ledger.ts';
import { answerDueMs } from './command-queue.ts';

/**
 * When something is next to happen to the commands by itself, in log milliseconds.
 *
 * @param lastMs the robot's last log time: what was to be waited for until then is waited for no more
 */
export function commandsDueAt(commands: Commands, lastMs: number, limits: CommandLimits): number | undefined {
  const { open, verifying } = commands;
  let first = Infinity;
  for (const command of open) {
    const { status, atMs, expiresAtMs, notBeforeMs = 0 } = command;
    if (status === 'UNKNOWN') {
      first = Math.min(first, atMs + limits.commandSettleWithinMs);
      continue;
    }
    first = Math.min(first, expiresAtMs, answerDueMs(command, commands, limits));
    if (status === 'ACCEPTED' && notBeforeMs > lastMs) first = Math.min(first, notBeforeMs);
  }
  for (const { untilMs } of verifying) first = Math.min(first, untilMs);
  return first === Infinity ? undefined : first;
}
