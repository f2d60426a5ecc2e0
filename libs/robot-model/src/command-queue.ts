import { type CommandRequestedData, type CommandStatus, type DeliveryData, isTerminal } from '@fleetstream/contracts';
import { type Command, commandMoves, createCommand, type FinishedCommand, isInFlight, toCommand } from './command.ts';
import { type CommandCounters, noCommandCounts } from './command-counters.ts';
import { type RobotRules } from './robot-rules.ts';

/** The commands of one robot. A state has none until the first request or answer. */
export interface Commands {
  /** In the order of their requests, in which they come into flight. */
  readonly open: readonly Command[];
  /** The latest that ended, newest last: a request that is repeated is known by them. */
  readonly finished: readonly FinishedCommand[];
  readonly counters: CommandCounters;
}

/** One transition: the command after it, and where it came from. */
export interface CommandMove {
  readonly command: Command;
  readonly previousStatus: CommandStatus | undefined;
  readonly reason: string | undefined;
  readonly result: string | undefined;
}

/** What a robot says of one of its commands, in an answer or as an action of its state. */
export interface CommandAnswer {
  readonly commandId: string;
  readonly status: CommandStatus;
  /** The robot has said newer things before, so this being behind is no contradiction. */
  readonly late: boolean;
  readonly reason: string | undefined;
  readonly result: string | undefined;
}

export type CommandLimits = Pick<RobotRules, 'commandsOpenMax' | 'commandsInFlightMax' | 'commandsFinishedMax'>;

/**
 * One step of a robot's queue: give it what happened, then `finish`. The given commands stay as they are, and are what
 * `finish` gives when nothing happened to them.
 */
export class CommandQueue {
  readonly moves: CommandMove[] = [];
  #commands: Commands | undefined;
  readonly #nowMs: number;
  readonly #limits: CommandLimits;

  constructor(commands: Commands | undefined, nowMs: number, limits: CommandLimits) {
    this.#commands = commands;
    this.#nowMs = nowMs;
    this.#limits = limits;
  }

  /** A command that the queue has no room for ends at once, and is remembered like any other. */
  request(said: CommandRequestedData): void {
    const { open, finished, counters } = this.#known();
    if (this.#statusOf(said.commandId) !== undefined) {
      this.#count('repeated');
      return;
    }
    const isFull = open.length >= this.#limits.commandsOpenMax;
    const command = createCommand(said, isFull ? 'REJECTED' : 'ACCEPTED', this.#nowMs);
    this.#commands = { open: [...open, command], finished, counters };
    this.#count('requested');
    const reason = isFull ? 'queue-full' : said.reason;
    this.moves.push({ command, previousStatus: undefined, reason, result: undefined });
    if (isFull) this.#retire(command);
  }

  /** Results come beside the robot's own word, often after it: one that is behind says nothing. */
  deliver({ commandId, attempt, outcome }: DeliveryData): void {
    const status = this.#statusOf(commandId);
    if (status === undefined) {
      this.#count('unknown');
      return;
    }
    if (outcome === 'UNDELIVERABLE') this.#count('undeliverable');
    const command = this.#find(commandId);
    if (command === undefined) return;
    if (attempt > (command.attempt ?? 0)) this.#replace(toCommand({ ...command, attempt }));
    if (outcome !== 'UNDELIVERABLE' && commandMoves[status].includes(outcome)) this.#move(commandId, outcome);
  }

  answer(said: CommandAnswer): void {
    const status = this.#statusOf(said.commandId);
    if (status === undefined) this.#count('unknown');
    else if (commandMoves[status].includes(said.status)) this.#move(said.commandId, said.status, said);
    else if (status !== said.status && !said.late) this.#count('contradictions');
  }

  /** Ends what is due by now, in the order of the requests. */
  expire(): void {
    for (const { id, expiresAtMs } of this.#known().open) if (expiresAtMs <= this.#nowMs) this.#move(id, 'EXPIRED');
  }

  /** Whether an action of this id is a command of ours: robots report many of their own. */
  knows(commandId: string): boolean {
    return this.#statusOf(commandId) !== undefined;
  }

  /** Brings what waits into flight, as far as there are places, and gives the commands after the step. */
  finish(): Commands | undefined {
    const open = this.#commands?.open ?? [];
    let places = this.#limits.commandsInFlightMax - open.filter(isInFlight).length;
    for (const { id, status } of open) {
      if (places <= 0) break;
      if (status !== 'ACCEPTED') continue;
      this.#move(id, 'QUEUED');
      places -= 1;
    }
    return this.#commands;
  }

  #move(id: string, status: CommandStatus, said?: CommandAnswer): void {
    const before = this.#find(id);
    if (before === undefined) return;
    const command = toCommand({ ...before, status, atMs: this.#nowMs });
    this.moves.push({ command, previousStatus: before.status, reason: said?.reason, result: said?.result });
    if (isTerminal(status)) this.#retire(command);
    else this.#replace(command);
  }

  #replace(command: Command): void {
    const commands = this.#known();
    const open = commands.open.map((one) => (one.id === command.id ? command : one));
    this.#commands = { open, finished: commands.finished, counters: commands.counters };
  }

  #retire({ id, status, atMs }: Command): void {
    if (!isTerminal(status)) return;
    const { open, finished, counters } = this.#known();
    this.#commands = {
      open: open.filter((one) => one.id !== id),
      finished: [...finished, { id, status, atMs }].slice(-this.#limits.commandsFinishedMax),
      counters,
    };
  }

  #count(name: keyof CommandCounters): void {
    const { open, finished, counters } = this.#known();
    this.#commands = { open, finished, counters: { ...counters, [name]: counters[name] + 1 } };
  }

  #find(id: string): Command | undefined {
    return this.#commands?.open.find((one) => one.id === id);
  }

  #statusOf(id: string): CommandStatus | undefined {
    return (this.#find(id) ?? this.#commands?.finished.find((one) => one.id === id))?.status;
  }

  #known(): Commands {
    return this.#commands ?? { open: [], finished: [], counters: noCommandCounts };
  }
}
