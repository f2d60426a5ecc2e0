import { type CommandData, isSettled, outputEventSchemas, topics } from '@fleetstream/contracts';
import { readLog } from '@fleetstream/kafka';
import { type CommandStack } from './command-stack.ts';

/** What `fleet.commands` says of a command. */
export interface ToldLife {
  readonly last: CommandData;
  /** When it was told of first; of the commands of one robot in the order of their requests. */
  readonly begin: number;
  /** How often it was told to have ended for good. */
  readonly ends: number;
  /** How often it was told to go on after its end. */
  readonly reopened: number;
}

/** Every command that the log tells of from some place on, by its id. */
export class ToldCommands {
  readonly #kafka: CommandStack['kafka'];
  readonly #lives = new Map<string, ToldLife>();
  readonly #nextOffsets = new Map<number, number>();

  constructor(kafka: CommandStack['kafka']) {
    this.#kafka = kafka;
  }

  get(commandId: string): ToldLife | undefined {
    return this.#lives.get(commandId);
  }

  of(robotIds: ReadonlySet<string>): ToldLife[] {
    return [...this.#lives.values()].filter(({ last }) => robotIds.has(last.robotId));
  }

  /** Forgets what was told so far, for a round that has commands of its own. */
  clear(): void {
    this.#lives.clear();
  }

  /** Reads what has come since. */
  async read(): Promise<void> {
    const records = readLog({ kafka: this.#kafka, topic: topics.commands, fromOffsets: this.#nextOffsets });
    for await (const { partition, offset, value } of records) {
      this.#nextOffsets.set(partition, offset + 1);
      const event = JSON.parse(String(value)) as { readonly type: string; readonly data: unknown };
      if (event.type === 'fleet.command.v1') this.#note(outputEventSchemas['fleet.command.v1'].parse(event.data));
    }
  }

  #note(data: CommandData): void {
    const before = this.#lives.get(data.commandId);
    // What its stream shows of a command that has succeeded is told as one more SUCCEEDED, and is no second end.
    const isChange = data.previousStatus !== data.status;
    const wasEnded = before !== undefined && isSettled(before.last.status);
    this.#lives.set(data.commandId, {
      last: data,
      begin: before?.begin ?? this.#lives.size,
      ends: (before?.ends ?? 0) + (isChange && isSettled(data.status) ? 1 : 0),
      reopened: (before?.reopened ?? 0) + (isChange && wasEnded ? 1 : 0),
    });
  }
}
