import { type Clock } from '@fleetstream/kernel';
import { type RobotClient } from '../robot-client.ts';
import { createRandom } from '../seeded-random.ts';
import { type CommandGateway } from './command-gateway.ts';
import { CommandExecutor } from './command-executor.ts';
import { CommandJournal } from './command-journal.ts';
import { Commander } from './commander.ts';
import { askWhenTold } from './ask-when-told.ts';
import { compareCommands } from './compare-commands.ts';
import { pollRobots } from './poll-robots.ts';
import { characterOf } from './robot-character.ts';
import { type RecordedCommand } from './recorded-command.ts';
import { RecordedCommander, type RecordedReport } from './recorded-commander.ts';

/** What came of commands; the recorded ones are counted apart. */
export interface CommandReport extends RecordedReport {
  /** Recorded actions that no state ever named, so they were not given. */
  readonly recordedUnanswered: number;
  /** Requests that the service took. */
  readonly commandsSent: number;
  /** Requests that it refused or never answered. */
  readonly commandsUnsent: number;
  readonly commandsSucceeded: number;
  readonly commandsFailed: number;
  readonly commandsRejected: number;
  readonly commandsExpired: number;
  /** Not ended when the fleet had waited long enough. */
  readonly commandsOpen: number;
  /** Where the service's word and the robots' deeds differ. */
  readonly commandMismatches: number;
  readonly commandMismatchExamples: readonly string[];
  /** Times that a robot asked for its commands in vain, for want of an answer. */
  readonly pollFailures: number;
  /** Handed over in answers to events. */
  readonly commandsCarried: number;
}

export interface FleetCommandsParts {
  readonly gateway: CommandGateway;
  readonly cast: readonly { readonly robotId: string; readonly client: RobotClient }[];
  readonly perSecond: number;
  readonly recorded: readonly RecordedCommand[];
  readonly recordedUnanswered: number;
  readonly recordedPace: number;
  /** `undefined` writes none. */
  readonly journalFile: string | undefined;
  readonly pollsMax: number;
  /** Share of the robots that aren't honest. */
  readonly mischief?: number;
  /** Share of the robots that don't wait for their commands but get them as they report; none by default. */
  readonly carriedShare?: number;
  readonly seed: number;
  readonly run: string;
  readonly clock: Clock;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Of the connections, those that no robot waits on. */
const talkingPollsMax = 16;
const settleMsMax = 20_000;
const examplesMax = 10;

/**
 * Commands during a fleet's run: somebody gives them, robots fetch and carry them out. Robots of recorded commands answer
 * with their recorded states alone, and are left out of the rest.
 *
 * In this order: `start`, `settle` (no new commands; waits for the ends of those that were given), `stop`.
 */
export class FleetCommands {
  readonly #parts: FleetCommandsParts;
  readonly #journal = new CommandJournal();
  readonly #commander: Commander;
  readonly #recorded: RecordedCommander;
  readonly #executors: readonly CommandExecutor[];
  readonly #robots;
  /** Aborted: no new commands. */
  readonly #quiet = new AbortController();
  /** Aborted: robots fetch and carry out nothing more. */
  readonly #over = new AbortController();
  #sending: Promise<unknown> = Promise.resolve();
  #polling: Promise<unknown> = Promise.resolve();
  #pollFailures = 0;
  #carried = 0;

  constructor(parts: FleetCommandsParts) {
    this.#parts = parts;
    const { gateway, perSecond, seed, run, sleep, clock } = parts;
    const replaying = new Set(parts.recorded.map(({ robotId }) => robotId));
    this.#robots = parts.cast
      .filter(({ robotId }) => !replaying.has(robotId))
      .map(({ robotId, client }) => ({
        robotId,
        client,
        online: () => client.online,
        executor: this.#createExecutor(robotId, client),
      }));
    this.#executors = this.#robots.map(({ executor }) => executor);
    const robotIds = this.#robots.map(({ robotId }) => robotId);
    this.#commander = new Commander({
      gateway,
      robotIds,
      perSecond,
      random: createRandom(seed, 'commander'),
      run,
      sleep,
    });
    const { recorded: commands, recordedPace: pace } = parts;
    this.#recorded = new RecordedCommander({ gateway, commands, pace, clock, sleep });
  }

  /** Whether an event of a robot must wait for a recorded command that came before it. */
  readonly holds = (robotId: string, atMs: number): boolean => this.#recorded.holds(robotId, atMs);

  start(): void {
    const { gateway, pollsMax, sleep, seed, carriedShare = 0 } = this.#parts;
    this.#sending = Promise.all([this.#commander.send(this.#quiet.signal), this.#recorded.send(this.#quiet.signal)]);
    const shared = {
      ...{ gateway, sleep, signal: this.#over.signal },
      onFailure: () => {
        this.#pollFailures += 1;
      },
    };
    const onCarried = (commands: number) => {
      this.#carried += commands;
    };
    const isTalking = ({ robotId }: { readonly robotId: string }) =>
      createRandom(seed, `carried/${robotId}`)() < carriedShare;
    const talking = this.#robots.filter(isTalking);
    const waiting = this.#robots.filter((robot) => !talking.includes(robot));
    this.#polling = Promise.all([
      pollRobots({
        ...shared,
        robots: waiting,
        pollsMax: talking.length > 0 ? Math.max(1, pollsMax - talkingPollsMax) : pollsMax,
      }),
      askWhenTold({ ...shared, robots: talking, onCarried }),
    ]);
  }

  /** Waits for the ends of all commands, for 20 s at most. */
  async settle(giveUp: AbortSignal): Promise<void> {
    this.#quiet.abort();
    await this.#sending;
    const signal = AbortSignal.any([giveUp, AbortSignal.timeout(settleMsMax)]);
    await Promise.all([this.#commander.settle(signal), this.#recorded.settle(signal)]);
  }

  /** Ends polling and executing, writes the journal and closes the gateway. */
  async stop(): Promise<CommandReport> {
    this.#quiet.abort();
    this.#over.abort();
    await this.#parts.gateway.close();
    await Promise.all([this.#polling, ...this.#executors.map((executor) => executor.idle())]);
    if (this.#parts.journalFile !== undefined) await this.#journal.write(this.#parts.journalFile);
    return this.#report();
  }

  #report(): CommandReport {
    const asked = this.#commander.asked();
    const count = (status: string) => asked.filter((command) => command.status === status).length;
    const [succeeded, failed, rejected, expired] = ['SUCCEEDED', 'FAILED', 'REJECTED', 'EXPIRED'].map(count);
    const ended = (succeeded ?? 0) + (failed ?? 0) + (rejected ?? 0) + (expired ?? 0);
    const journal = this.#journal;
    const mismatches = compareCommands(asked, (robotId, id) => journal.find(robotId, id), journal.deeds());
    return {
      commandsSent: asked.length,
      commandsUnsent: this.#commander.failed,
      commandsSucceeded: succeeded ?? 0,
      commandsFailed: failed ?? 0,
      commandsRejected: rejected ?? 0,
      commandsExpired: expired ?? 0,
      commandsOpen: asked.length - ended,
      commandMismatches: mismatches.length,
      commandMismatchExamples: mismatches.slice(0, examplesMax),
      pollFailures: this.#pollFailures,
      commandsCarried: this.#carried,
      recordedUnanswered: this.#parts.recordedUnanswered,
      ...this.#recorded.report(),
    };
  }

  #createExecutor(robotId: string, client: RobotClient): CommandExecutor {
    const { sleep, seed, run, mischief = 0 } = this.#parts;
    return new CommandExecutor({
      robotId,
      character: characterOf(seed, robotId, mischief),
      journal: this.#journal,
      offer: (event) => client.offer(event),
      sleep,
      signal: this.#over.signal,
      seed,
      run,
    });
  }
}
