import { createRobotEvent, type RobotEvent, toContentId } from '../robot-event.ts';
import { between, createRandom } from '../seeded-random.ts';
import { type GivenCommand } from './command-gateway.ts';
import { type CommandDeed, type CommandJournal } from './command-journal.ts';

export interface CommandExecutorParts {
  readonly robotId: string;
  readonly journal: CommandJournal;
  /** Puts an answer into the robot's outbox; false while that is full. */
  readonly offer: (event: RobotEvent) => boolean;
  /** Resolves after the time or as soon as the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  readonly seed: number;
  readonly run: string;
}

type Status = 'ACKED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'REJECTED' | 'NOT_EXECUTED';

/** What came of this command? */
interface Question {
  readonly commandId: string;
  readonly ask: true;
}

const outboxRetryMs = 100;
const durationMs = { min: 100, max: 1200 } as const;
/** Of all commands; chosen by seed and command id, so that a run can be repeated. */
const rejectedShare = 0.02;
const failedShare = 0.05;

/**
 * A robot's agent for commands: says that it has one, carries them out one after the other, says what came of each, all
 * through its outbox. A command that is handed over again is the same command.
 */
export class CommandExecutor {
  readonly #parts: CommandExecutorParts;
  readonly #queue: (CommandDeed | Question)[] = [];
  #working: Promise<void> | undefined;
  #answers = 0;

  constructor(parts: CommandExecutorParts) {
    this.#parts = parts;
  }

  receive(commands: readonly GivenCommand[]): void {
    const { robotId, journal } = this.#parts;
    for (const { commandId, action, ask } of commands) {
      if (ask === true) {
        this.#queue.push({ commandId, ask });
        continue;
      }
      const known = journal.find(robotId, commandId);
      const deed = known ?? journal.begin(robotId, commandId, action);
      deed.received += 1;
      if (known === undefined) this.#queue.push(deed);
    }
    if (this.#queue.length > 0) this.#working ??= this.#work();
  }

  /** Resolves when nothing is being carried out; what is begun ends early when the signal is aborted. */
  async idle(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  async #work(): Promise<void> {
    const { signal } = this.#parts;
    for (let next = this.#queue.shift(); next !== undefined && !signal.aborted; next = this.#queue.shift()) {
      if ('ask' in next) await this.#tell(next.commandId);
      else await this.#execute(next);
    }
    this.#working = undefined;
  }

  async #execute(deed: CommandDeed): Promise<void> {
    const { seed, sleep, signal } = this.#parts;
    const random = createRandom(seed, `command/${deed.commandId}`);
    const fate = random();
    await this.#say(deed, 'ACKED');
    if (fate < rejectedShare) {
      await this.#end(deed, 'REJECTED', { reason: 'not in this place' });
      return;
    }
    await this.#say(deed, 'RUNNING');
    await sleep(between(random, durationMs.min, durationMs.max), signal);
    if (signal.aborted) return;
    deed.executed += 1;
    if (fate < rejectedShare + failedShare) await this.#end(deed, 'FAILED', { reason: 'the way was blocked' });
    else await this.#end(deed, 'SUCCEEDED', { result: 'done' });
  }

  /** What came of a command, by the journal; each answer is an event of its own. */
  async #tell(commandId: string): Promise<void> {
    const deed = this.#parts.journal.find(this.#parts.robotId, commandId);
    this.#answers += 1;
    const answer = deed === undefined ? 'NOT_EXECUTED' : (deed.outcome ?? 'ACKED');
    await this.#say({ commandId }, answer, {}, `asked-${this.#answers}`);
  }

  async #end(deed: CommandDeed, outcome: 'SUCCEEDED' | 'FAILED' | 'REJECTED', more: object): Promise<void> {
    deed.outcome = outcome;
    await this.#say(deed, outcome, more);
  }

  async #say(
    { commandId }: { readonly commandId: string },
    status: Status,
    more: object = {},
    key = '',
  ): Promise<void> {
    const { robotId, offer, sleep, signal, run } = this.#parts;
    const event = createRobotEvent({
      robotId,
      id: toContentId(robotId, run, commandId, `${status}${key}`),
      type: 'robot.command-ack.v1',
      dataText: JSON.stringify({ commandId, status, ...more }),
    });
    while (!offer(event) && !signal.aborted) await sleep(outboxRetryMs, signal);
  }
}
