import { type CommandStatus, isTerminal, type Verification } from '@fleetstream/contracts';
import { type Command, type FinishedCommand, toCommand } from './command.ts';
import { type CommandCounters, noCommandCounts } from './command-counters.ts';
import { type RobotRules } from './robot-rules.ts';

/** The commands of one robot. A state has none until the first request or answer. */
export interface Commands {
  /** In the order of their requests. Of those that are UNKNOWN the robot may still tell what came of them. */
  readonly open: readonly Command[];
  /** The latest that ended, newest last: a request that is repeated is known by them. */
  readonly finished: readonly FinishedCommand[];
  readonly counters: CommandCounters;
  /** Counts the stops. A robot that knows of a stop does nothing any more that was requested before it. */
  readonly epoch: number;
  /** Log time of the latest stop; 0 when there was none. */
  readonly stoppedAtMs: number;
  /** Commands that succeeded and whose post-condition the robot's stream has not shown yet. */
  readonly verifying: readonly Verifying[];
}

export interface Verifying {
  readonly command: Command;
  readonly untilMs: number;
}

export const noCommands: Commands = {
  open: [],
  finished: [],
  counters: noCommandCounts,
  epoch: 0,
  stoppedAtMs: 0,
  verifying: [],
};

/** One transition: the command after it, and where it came from. */
export interface CommandMove {
  readonly command: Command;
  readonly previousStatus: CommandStatus | undefined;
  readonly why: Why;
  readonly ask: boolean;
  readonly verification: Verification | undefined;
}

/** What is told beside a transition. */
export interface Why {
  readonly reason?: string | undefined;
  readonly result?: string | undefined;
  /** The person or system that caused it. */
  readonly by?: string | undefined;
}

export type CommandLimits = Pick<
  RobotRules,
  | 'commandsOpenMax'
  | 'commandsReservedMax'
  | 'commandsInFlightMax'
  | 'commandsFinishedMax'
  | 'commandAnswerWithinMs'
  | 'commandSettleWithinMs'
  | 'commandRetryMs'
>;

/** The commands that one step changes, and the transitions it makes. The given commands stay as they are. */
export class CommandLedger {
  readonly moves: CommandMove[] = [];
  readonly nowMs: number;
  readonly limits: CommandLimits;
  #commands: Commands | undefined;

  constructor(commands: Commands | undefined, nowMs: number, limits: CommandLimits) {
    this.#commands = commands;
    this.nowMs = nowMs;
    this.limits = limits;
  }

  /** After the step; what was given when nothing happened. */
  get commands(): Commands | undefined {
    return this.#commands;
  }

  get known(): Commands {
    return this.#commands ?? noCommands;
  }

  find(id: string): Command | undefined {
    return this.#commands?.open.find((one) => one.id === id);
  }

  statusOf(id: string): CommandStatus | undefined {
    return (this.find(id) ?? this.#commands?.finished.find((one) => one.id === id))?.status;
  }

  count(name: keyof CommandCounters): void {
    const { counters } = this.known;
    this.change({ counters: { ...counters, [name]: counters[name] + 1 } });
  }

  /** A new command, open or, with a status that ends it, remembered at once. */
  add(command: Command, why: Why): void {
    this.change({ open: [...this.known.open, command] });
    this.tell(command, undefined, why);
    if (isTerminal(command.status)) this.retire(command);
  }

  /** Tells nothing. */
  replace(command: Command): void {
    this.change({ open: this.known.open.map((one) => (one.id === command.id ? toCommand(command) : one)) });
  }

  /** Whether the move is legal is for the caller to know. An UNKNOWN command stays open: it may still be settled. */
  move(before: Command, status: CommandStatus, why: Why, changes: Partial<Command> = {}): Command {
    const command = toCommand({ ...before, ...changes, status, atMs: this.nowMs });
    const pending = status === 'SUCCEEDED' && command.verify !== undefined;
    this.tell(command, before.status, why, pending ? { verification: 'PENDING' } : {});
    this.replace(command);
    if (isTerminal(status) && status !== 'UNKNOWN') this.retire(command);
    if (pending) this.#watch(command);
    return command;
  }

  tell(command: Command, previousStatus: CommandStatus | undefined, why: Why, more: Partial<CommandMove> = {}): void {
    const ask = command.status === 'UNKNOWN';
    this.moves.push({ command, previousStatus, why, ask, verification: undefined, ...more });
  }

  /** Takes it from the open ones; the oldest that ended is forgotten when there are too many. */
  retire({ id, status, atMs }: Command): void {
    if (!isTerminal(status)) return;
    const { open, finished } = this.known;
    this.change({
      open: open.filter((one) => one.id !== id),
      finished: [...finished, { id, status, atMs }].slice(-this.limits.commandsFinishedMax),
    });
  }

  change(changes: Partial<Commands>): void {
    this.#commands = { ...this.known, ...changes };
  }

  #watch(command: Command): void {
    const { verifying } = this.known;
    // The oldest gives way: it was watched for longest, and saying nothing of it would be silence.
    const [oldest] = verifying.length < this.limits.commandsFinishedMax ? [] : verifying;
    if (oldest !== undefined) {
      this.tell(oldest.command, 'SUCCEEDED', { reason: 'not-watched' }, { verification: 'DIVERGED' });
    }
    const kept = oldest === undefined ? verifying : verifying.slice(1);
    const untilMs = this.nowMs + (command.verify?.withinMs ?? 0);
    this.change({ verifying: [...kept, { command, untilMs }] });
  }
}
