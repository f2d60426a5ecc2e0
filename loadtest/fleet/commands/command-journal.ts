import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What a robot really did with a command: the line of `--command-journal`. */
export interface CommandDeed {
  readonly robotId: string;
  readonly commandId: string;
  readonly action: string;
  /** How often it was handed over. */
  received: number;
  /** How often it was carried out, whatever came of it; more than once is a defect. */
  executed: number;
  /** What the robot said at its end; absent when it had not ended. */
  outcome?: 'SUCCEEDED' | 'FAILED' | 'REJECTED';
}

/** The robots' own word of every command that reached them. */
export class CommandJournal {
  readonly #deeds = new Map<string, CommandDeed>();

  find(robotId: string, commandId: string): CommandDeed | undefined {
    return this.#deeds.get(toKey(robotId, commandId));
  }

  begin(robotId: string, commandId: string, action: string): CommandDeed {
    const deed: CommandDeed = { robotId, commandId, action, received: 0, executed: 0 };
    this.#deeds.set(toKey(robotId, commandId), deed);
    return deed;
  }

  deeds(): Iterable<CommandDeed> {
    return this.#deeds.values();
  }

  /** JSON lines, in the order in which commands reached their robots. */
  async write(file: string): Promise<void> {
    await mkdir(dirname(file), { recursive: true });
    const lines = [...this.#deeds.values()].map((deed) => `${JSON.stringify(deed)}\n`);
    await writeFile(file, lines.join(''), { mode: 0o600 });
  }
}

function toKey(robotId: string, commandId: string): string {
  return `${robotId}/${commandId}`;
}
