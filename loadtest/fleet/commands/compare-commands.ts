import { type CommandDeed } from './command-journal.ts';

/** A command that was asked for, and how it stood at the end as the service tells it. */
export interface AskedCommand {
  readonly robotId: string;
  readonly commandId: string;
  /** `undefined` when the service doesn't know it. */
  readonly status: string | undefined;
  readonly reason?: string | undefined;
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
  for (const { robotId, commandId, executed } of deeds) {
    if (executed > 1) mismatches.push(`${robotId} ${commandId}: carried out ${executed} times`);
  }
  return mismatches;
}

function findProblem({ status, reason }: AskedCommand, deed: CommandDeed | undefined): string | undefined {
  const did = deed?.outcome ?? (deed === undefined ? 'nothing of it' : 'not its end');
  switch (status) {
    case 'SUCCEEDED':
    case 'FAILED':
      return deed?.outcome === status && deed.executed === 1 ? undefined : `${status}, but the robot did ${did}`;
    case 'REJECTED':
      if (deed === undefined && reason === 'queue-full') return undefined;
      return deed?.outcome === 'REJECTED' && deed.executed === 0 ? undefined : `REJECTED, but the robot did ${did}`;
    case 'EXPIRED':
      return deed === undefined || deed.executed === 0 ? undefined : `EXPIRED, but the robot did ${did}`;
    case undefined:
      return 'the service does not know it';
    default:
      // Open: counted as such.
      return undefined;
  }
}
