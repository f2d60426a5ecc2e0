import { commandStatuses, isSettled, type Verification } from '@fleetstream/contracts';
import { canTell } from './robot-character.ts';
import { type CommandDeed } from './command-journal.ts';

/** A command that was asked for, and how it stood at the end as the service tells it. */
export interface AskedCommand {
  readonly robotId: string;
  readonly commandId: string;
  /** `undefined` when the service doesn't know it. */
  readonly status: string | undefined;
  readonly reason?: string | undefined;
  /** What its robot's stream has shown of its post-condition; none: it has no such, or did not succeed. */
  readonly verification?: Verification | undefined;
  /** Doing it twice does no harm. */
  readonly idempotent?: boolean;
}

/** Where the service's word and the robots' deeds differ, a sentence each. */
export function compareCommands(
  asked: readonly AskedCommand[],
  findDeed: (robotId: string, commandId: string) => CommandDeed | undefined,
  deeds: Iterable<CommandDeed>,
): string[] {
  const mismatches = asked.flatMap((command) => {
    const problem = findProblem(command, findDeed(command.robotId, command.commandId));
    return problem === undefined ? [] : [`${command.robotId} ${command.commandId}: ${problem}`];
  });
  const harmless = new Set(asked.filter(({ idempotent }) => idempotent === true).map(({ commandId }) => commandId));
  for (const { robotId, commandId, begun, executed, begunAfterStop } of deeds) {
    const times = Math.max(begun, executed);
    if (times > 1 && !harmless.has(commandId)) mismatches.push(`${robotId} ${commandId}: carried out ${times} times`);
    if (begunAfterStop > 0) mismatches.push(`${robotId} ${commandId}: begun after a newer stop`);
  }
  return mismatches;
}

/** By what the status says; then by what a robot of its character can't have said or shown. */
function findProblem(command: AskedCommand, deed: CommandDeed | undefined): string | undefined {
  return findContradiction(command, deed) ?? (deed === undefined ? undefined : findImpossible(command, deed));
}

function findContradiction({ status, reason }: AskedCommand, deed: CommandDeed | undefined): string | undefined {
  const did = deed?.outcome ?? (deed === undefined ? 'nothing of it' : 'not its end');
  switch (status) {
    case 'SUCCEEDED':
      // A liar is found out by what its stream shows, not by what it says.
      if (deed?.character === 'lying' && deed.outcome === status) return undefined;
      return deed?.outcome === status && deed.executed > 0 ? undefined : `${status}, but the robot did ${did}`;
    case 'FAILED':
      return deed?.outcome === status && deed.begun > 0 ? undefined : `${status}, but the robot did ${did}`;
    case 'REJECTED':
      if (deed === undefined && reason === 'queue-full') return undefined;
      return deed?.outcome === 'REJECTED' && deed.executed === 0 ? undefined : `REJECTED, but the robot did ${did}`;
    case 'EXPIRED':
      return deed === undefined || deed.begun === 0 ? undefined : `EXPIRED, but the robot did ${did}`;
    case 'CANCELLED':
    case 'SUPERSEDED':
      if (deed === undefined || deed.begun === 0) return undefined;
      return deed.outcome === status && deed.executed === 0 ? undefined : `${status}, but the robot did ${did}`;
    case 'UNKNOWN':
      return deed === undefined || !canTell(deed.character) ? undefined : `UNKNOWN, but the robot did ${did}`;
    case undefined:
      return 'the service does not know it';
    default:
      // Open: counted as such.
      return undefined;
  }
}

/**
 * - of a `deaf` robot nobody hears anything, so what it was handed stays UNKNOWN
 * - a `lying` robot does nothing, so its stream never shows a post-condition: DIVERGED
 * - the stream of every other robot shows what it did before it says so: VERIFIED
 */
function findImpossible({ status, verification }: AskedCommand, deed: CommandDeed): string | undefined {
  const { character, received } = deed;
  switch (character) {
    case 'deaf':
      if (status === 'UNKNOWN' || received === 0) return undefined;
      return isEnd(status) ? `${status}, but nobody can have heard of it` : undefined;
    case 'lying':
      if (verification === undefined || verification === 'DIVERGED') return undefined;
      return `${verification}, but the robot only said so`;
    case 'honest':
    case 'slow':
    case 'duplicating':
    case 'rebooting':
      if (verification === undefined || verification === 'VERIFIED') return undefined;
      return `${verification}, but the robot had shown it`;
  }
}

function isEnd(status: string | undefined): boolean {
  return commandStatuses.some((known) => known === status && isSettled(known));
}
