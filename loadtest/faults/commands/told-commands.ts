import { type CommandData, isSettled, outputEventSchemas, topics } from '@fleetstream/contracts';
import { readLog } from '@fleetstream/kafka';
import { type CommandStack } from './command-stack.ts';

/** What `fleet.commands` says of a command. */
export interface ToldLife {
  readonly last: CommandData;
  /** How often it was told to have ended for good. */
  readonly ends: number;
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

  all(): Iterable<ToldLife> {
    return this.#lives.values();
  }

  /** Reads what has come since. */
  async read(): Promise<void> {
    const records = readLog({ kafka: this.#kafka, topic: topics.commands, fromOffsets: this.#nextOffsets });
    for await (const { partition, offset, value } of records) {
      this.#nextOffsets.set(partition, offset + 1);
      const event = JSON.parse(String(value)) as { readonly type: string; readonly data: unknown };
      if (event.type !== 'fleet.command.v1') continue;
      const data = outputEventSchemas['fleet.command.v1'].parse(event.data);
      // What its stream shows of a command that has succeeded is told as one more SUCCEEDED, and is no second end.
      const isEnd = isSettled(data.status) && data.previousStatus !== data.status;
      const ends = (this.#lives.get(data.commandId)?.ends ?? 0) + (isEnd ? 1 : 0);
      this.#lives.set(data.commandId, { last: data, ends });
    }
  }
}
