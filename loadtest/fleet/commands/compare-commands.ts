import { canTell } from './robot-character.ts';
import { type CommandDeed } from './command-journal.ts';

/** A command that was asked for, and how it stood at the end as the service tells it. */
export interface AskedCommand {
  readonly robotId: string;
  readonly commandId: string;
  /** `undefined` when the service doesn't know it. */
  readonly status: string | undefined;
  readonly reason?: string | undefined;
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

function findProblem({ status, reason }: AskedCommand, deed: CommandDeed | undefined): string | undefined {
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
