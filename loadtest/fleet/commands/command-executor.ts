import { createRobotEvent, type RobotEvent, toContentId } from '../robot-event.ts';
import { between, createRandom } from '../seeded-random.ts';
import { type GivenCommand } from './command-gateway.ts';
import { type CommandDeed, type CommandJournal, type DeedOutcome } from './command-journal.ts';
import { type RobotCharacter } from './robot-character.ts';

export interface CommandExecutorParts {
  readonly robotId: string;
  readonly character: RobotCharacter;
  readonly journal: CommandJournal;
  /** Puts an answer into the robot's outbox; false while that is full. */
  readonly offer: (event: RobotEvent) => boolean;
  /** Resolves after the time or as soon as the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  readonly seed: number;
  readonly run: string;
  /** Of the usual time that carrying out takes; 1 when left out. */
  readonly pace?: number;
  /** Called when a command is done, before that is said. */
  readonly onDone?: (commandId: string) => void;
}

type Status = 'ACKED' | 'RUNNING' | 'NOT_EXECUTED' | 'NOT_KNOWN' | DeedOutcome;

/** A command that waits for its turn or is under way. */
interface Job {
  readonly command: GivenCommand;
  readonly deed: CommandDeed;
  /** Ends what is under way; the reason is the deed's outcome, or that the robot went down. */
  readonly end: AbortController;
  running: boolean;
}

const outboxRetryMs = 100;
const durationMs = { min: 100, max: 1200 } as const;
const slowMs = { min: 2000, max: 4000 } as const;
/** Of all commands; chosen by seed and command id, so that a run can be repeated. */
const rejectedShare = 0.02;
const failedShare = 0.05;
const rebootShare = 0.3;

/**
 * A robot's agent for commands: says that it has one, carries them out one after the other, says what came of each, all
 * through its outbox. A command that is handed over again is the same command; what is older than a stop is not begun;
 * what it has said not to have begun it refuses at that attempt.
 */
export class CommandExecutor {
  readonly #parts: CommandExecutorParts;
  readonly #queue: Job[] = [];
  /** Attempts that were answered NOT_EXECUTED, the highest of each command. */
  readonly #disowned = new Map<string, number>();
  #current: Job | undefined;
  #working: Promise<void> | undefined;
  #epoch = 0;
  #answers = 0;

  constructor(parts: CommandExecutorParts) {
    this.#parts = parts;
  }

  receive(commands: readonly GivenCommand[]): void {
    for (const command of commands) {
      if (command.ask === true) this.#tell(command);
      else this.#take(command);
    }
    if (this.#queue.length > 0) this.#working ??= this.#work();
  }

  /** Resolves when nothing is being carried out; what is begun ends early when the signal is aborted. */
  async idle(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  #take(command: GivenCommand): void {
    const { robotId, journal, character } = this.#parts;
    const { commandId, action, epoch = 0, attempt } = command;
    const known = journal.find(robotId, commandId);
    const deed = known ?? journal.begin(robotId, commandId, action, character);
    deed.received += 1;
    if (attempt <= (this.#disowned.get(commandId) ?? 0)) return;
    const isWaiting = this.#jobs().some((job) => job.deed === deed);
    const isNew = character === 'duplicating' || (deed.begun === 0 && deed.outcome === undefined && !isWaiting);
    if (!isNew) return;
    if (command.stop === true) this.#stop(deed, epoch);
    else if (command.cancels !== undefined) this.#cancel(deed, command.cancels);
    else if (epoch < this.#epoch) this.#end(deed, 'SUPERSEDED');
    else this.#queue.push({ command, deed, end: new AbortController(), running: false });
  }

  #jobs(): Job[] {
    return this.#current === undefined ? this.#queue : [this.#current, ...this.#queue];
  }

  #stop(deed: CommandDeed, epoch: number): void {
    this.#epoch = Math.max(this.#epoch, epoch);
    for (const job of this.#jobs()) {
      if ((job.command.epoch ?? 0) < this.#epoch) this.#abort(job, 'SUPERSEDED');
    }
    deed.executed += 1;
    deed.executedAs ??= this.#parts.journal.moment();
    this.#end(deed, 'SUCCEEDED');
  }

  #cancel(deed: CommandDeed, target: string): void {
    const { robotId, journal, character } = this.#parts;
    const job = this.#jobs().find(({ command }) => command.commandId === target);
    const known = journal.find(robotId, target);
    if (job !== undefined) this.#abort(job, 'CANCELLED');
    // It may still be on its way: then it is not to be begun.
    else if (known === undefined) journal.begin(robotId, target, 'unknown', character).outcome = 'CANCELLED';
    else if (known.outcome === undefined && known.begun === 0) known.outcome = 'CANCELLED';
    const done = (job?.deed ?? journal.find(robotId, target))?.outcome === 'CANCELLED';
    this.#end(deed, done ? 'SUCCEEDED' : 'FAILED', done ? {} : { reason: 'too-late' });
  }

  #abort(job: Job, outcome: 'CANCELLED' | 'SUPERSEDED'): void {
    const place = this.#queue.indexOf(job);
    if (place >= 0) this.#queue.splice(place, 1);
    job.end.abort();
    this.#end(job.deed, outcome);
  }

  async #work(): Promise<void> {
    const { signal } = this.#parts;
    for (let next = this.#queue.shift(); next !== undefined && !signal.aborted; next = this.#queue.shift()) {
      this.#current = next;
      await this.#execute(next);
      this.#current = undefined;
    }
    this.#working = undefined;
  }

  async #execute(job: Job): Promise<void> {
    const { seed, sleep, signal, character, journal, pace = 1, onDone } = this.#parts;
    const { deed, command, end } = job;
    const random = createRandom(seed, `command/${deed.commandId}`);
    const fate = random();
    if (character !== 'slow') this.#say(deed, 'ACKED');
    if (character === 'lying') {
      this.#end(deed, 'SUCCEEDED', { result: 'done' });
      return;
    }
    if (fate < rejectedShare) {
      this.#end(deed, 'REJECTED', { reason: 'not in this place' });
      return;
    }
    deed.begun += 1;
    deed.begunAs = journal.moment();
    if ((command.epoch ?? 0) < this.#epoch) deed.begunAfterStop += 1;
    job.running = true;
    if (character !== 'slow') this.#say(deed, 'RUNNING');
    const lasts = character === 'slow' ? slowMs : durationMs;
    const goesDown = character === 'rebooting' && random() < rebootShare;
    await sleep(between(random, lasts.min, lasts.max) * pace, AbortSignal.any([signal, end.signal]));
    if (signal.aborted || end.signal.aborted) return;
    if (goesDown) {
      deed.interrupted = true;
      this.#queue.length = 0;
      return;
    }
    deed.executed += 1;
    deed.executedAs ??= journal.moment();
    if (fate < rejectedShare + failedShare) {
      this.#end(deed, 'FAILED', { reason: 'the way was blocked' });
      return;
    }
    onDone?.(deed.commandId);
    this.#end(deed, 'SUCCEEDED', { result: 'done' });
  }

  /** What came of a command, by the journal; each answer is an event of its own. */
  #tell({ commandId, attempt }: GivenCommand): void {
    const { robotId, journal, character } = this.#parts;
    const deed = journal.find(robotId, commandId);
    const job = this.#jobs().find(({ command }) => command.commandId === commandId);
    this.#answers += 1;
    const more = { key: `asked-${this.#answers}` };
    if (job !== undefined) this.#say({ commandId }, job.running ? 'RUNNING' : 'ACKED', more);
    else if (character === 'duplicating') this.#say({ commandId }, 'NOT_KNOWN', more);
    else if (deed?.outcome !== undefined) this.#say({ commandId }, deed.outcome, more);
    else if (deed?.interrupted === true) {
      deed.outcome = 'FAILED';
      this.#say({ commandId }, 'FAILED', { ...more, reason: 'went down while it was under way' });
    } else {
      this.#disowned.set(commandId, Math.max(attempt, this.#disowned.get(commandId) ?? 0));
      this.#say({ commandId }, 'NOT_EXECUTED', { ...more, attempt });
    }
  }

  #end(deed: CommandDeed, outcome: DeedOutcome, more: Readonly<Record<string, string>> = {}): void {
    deed.outcome = outcome;
    this.#say(deed, outcome, more);
  }

  #say(
    { commandId }: { readonly commandId: string },
    status: Status,
    { key = '', ...more }: { readonly key?: string } & Readonly<Record<string, unknown>> = {},
  ): void {
    const { robotId, run, character } = this.#parts;
    if (character === 'deaf') return;
    const copies = character === 'duplicating' ? ['', '-again'] : [''];
    for (const copy of copies) {
      const id = toContentId(robotId, run, commandId, `${status}${key}${copy}`);
      const dataText = JSON.stringify({ commandId, status, ...more });
      this.#offer(createRobotEvent({ robotId, id, type: 'robot.command-ack.v1', dataText }));
    }
  }

  #offer(event: RobotEvent): void {
    const { offer, sleep, signal } = this.#parts;
    if (offer(event) || signal.aborted) return;
    void sleep(outboxRetryMs, signal).then(() => {
      this.#offer(event);
    });
  }
}
