import { type Clock } from '@fleetstream/kernel';
import { hasEnded } from './commander.ts';
import { type CommandGateway, type ToldCommand } from './command-gateway.ts';
import { type RecordedCommand } from './recorded-command.ts';

export interface RecordedCommanderParts {
  readonly gateway: CommandGateway;
  /** By time. */
  readonly commands: readonly RecordedCommand[];
  /** Recorded milliseconds per wall millisecond. */
  readonly pace: number;
  readonly clock: Clock;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface RecordedReport {
  readonly recordedCommands: number;
  /** Those that the service took. */
  readonly recordedSent: number;
  readonly recordedFinished: number;
  /** From request to end in log time, times the pace: as long as it took when it was recorded, and our own way. */
  readonly recordedLatencyMsP50: number | undefined;
  readonly recordedLatencyMsMax: number | undefined;
}

const expiresInMs = 600_000;
const triesMax = 30;
const retryMs = 200;
const lookEveryMs = 250;

/**
 * Gives recorded commands at their recorded times, through the service. Robots answer them with their recorded states,
 * which must not overtake the commands: a robot's events wait while a command that came before them is on its way.
 */
export class RecordedCommander {
  readonly #parts: RecordedCommanderParts;
  readonly #waiting: Map<string, RecordedCommand[]>;
  readonly #sent: RecordedCommand[] = [];
  readonly #told = new Map<string, ToldCommand>();

  constructor(parts: RecordedCommanderParts) {
    this.#parts = parts;
    this.#waiting = Map.groupBy(parts.commands, ({ robotId }) => robotId);
  }

  /** Whether an event of the robot must wait for a command. */
  holds(robotId: string, atMs: number): boolean {
    const next = this.#waiting.get(robotId)?.[0];
    return next !== undefined && next.atMs <= atMs;
  }

  /** Until all are given or the signal is aborted. */
  async send(signal: AbortSignal): Promise<void> {
    const startMs = this.#parts.clock.monotonicMs();
    await Promise.all([...this.#waiting.values()].map((commands) => this.#sendToRobot(commands, startMs, signal)));
    this.#waiting.clear();
  }

  async settle(signal: AbortSignal): Promise<void> {
    const { gateway, sleep } = this.#parts;
    for (;;) {
      const open = this.#sent.filter(({ commandId }) => !hasEnded(this.#told.get(commandId)));
      for (const { commandId } of open) {
        const told = await gateway.get(commandId);
        if (told !== undefined) this.#told.set(commandId, told);
      }
      if (signal.aborted || open.every(({ commandId }) => hasEnded(this.#told.get(commandId)))) return;
      await sleep(lookEveryMs, signal);
    }
  }

  report(): RecordedReport {
    const finished = [...this.#told.values()].filter(({ status }) => status === 'SUCCEEDED' || status === 'FAILED');
    const latenciesMs = finished
      .map(({ history }) => ((history.at(-1)?.atMs ?? 0) - (history[0]?.atMs ?? 0)) * this.#parts.pace)
      .sort((a, b) => a - b);
    return {
      recordedCommands: this.#parts.commands.length,
      recordedSent: this.#sent.length,
      recordedFinished: finished.length,
      recordedLatencyMsP50: latenciesMs[Math.floor(latenciesMs.length / 2)],
      recordedLatencyMsMax: latenciesMs.at(-1),
    };
  }

  async #sendToRobot(commands: RecordedCommand[], startMs: number, signal: AbortSignal): Promise<void> {
    const { clock, sleep } = this.#parts;
    for (let next = commands[0]; next !== undefined; next = commands[0]) {
      const waitMs = startMs + next.atMs - clock.monotonicMs();
      if (waitMs > 0) await sleep(waitMs, signal);
      if (signal.aborted) return;
      await this.#request(next, signal);
      commands.shift();
    }
  }

  async #request(command: RecordedCommand, signal: AbortSignal): Promise<void> {
    const { gateway, sleep } = this.#parts;
    const { robotId, commandId, action, parameters } = command;
    for (let tries = 0; tries < triesMax && !signal.aborted; tries++) {
      const answer = await gateway.request({ robotId, commandId, action, parameters, expiresInMs });
      if (answer === 'refused') return;
      if (answer !== undefined) {
        this.#sent.push(command);
        return;
      }
      await sleep(retryMs, signal);
    }
  }
}
