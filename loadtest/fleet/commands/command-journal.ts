import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type RobotCharacter } from './robot-character.ts';

export type DeedOutcome = 'SUCCEEDED' | 'FAILED' | 'REJECTED' | 'CANCELLED' | 'SUPERSEDED';

/** What a robot really did with a command: the line of `--command-journal`. */
export interface CommandDeed {
  readonly robotId: string;
  readonly commandId: string;
  readonly action: string;
  readonly character: RobotCharacter;
  /** How often it was handed over. */
  received: number;
  /** How often it was begun; more than once is a defect, unless doing it twice does no harm. */
  begun: number;
  /** How often it was carried out to its end. */
  executed: number;
  /** Begun although the robot had had a stop of a newer epoch before. */
  begunAfterStop: number;
  /** When it was begun last, in the order of everything that the robots did. */
  begunAs?: number;
  /** When it was carried out first, in the same order. */
  executedAs?: number;
  /** How it ended; absent when it had not ended, or was lost in a reboot. */
  outcome?: DeedOutcome;
  /** It was under way when the robot went down. */
  interrupted?: boolean;
}

/** The robots' own word of every command that reached them. */
export class CommandJournal {
  readonly #deeds = new Map<string, CommandDeed>();
  #moments = 0;

  find(robotId: string, commandId: string): CommandDeed | undefined {
    return this.#deeds.get(toKey(robotId, commandId));
  }

  begin(robotId: string, commandId: string, action: string, character: RobotCharacter): CommandDeed {
    const counts = { received: 0, begun: 0, executed: 0, begunAfterStop: 0 };
    const deed: CommandDeed = { robotId, commandId, action, character, ...counts };
    this.#deeds.set(toKey(robotId, commandId), deed);
    return deed;
  }

  /** A place in the order of everything that the robots did. */
  moment(): number {
    this.#moments += 1;
    return this.#moments;
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
