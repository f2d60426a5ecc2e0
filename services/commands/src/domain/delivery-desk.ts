import { type CommandStatus } from '@fleetstream/contracts';
import { type CommandBook } from './command-book.ts';
import { type CommandView } from './command-view.ts';

/** A command that is being handed to its robot for the `attempt`-th time. */
export interface Handover {
  readonly command: CommandView;
  readonly attempt: number;
}

export interface Moment {
  /** Milliseconds since the epoch, for expiry. */
  readonly nowMs: number;
  /** Milliseconds that never run back, for waiting. */
  readonly monotonicMs: number;
}

interface Attempt {
  readonly attempt: number;
  readonly atMonotonicMs: number;
}

/** Of these the robot is told something: what it hasn't answered yet, and what it is asked about. */
const talkedOf: ReadonlySet<CommandStatus> = new Set(['QUEUED', 'SENT', 'DELIVERED', 'UNKNOWN']);

/**
 * Decides what is handed over when, whatever the channel:
 *
 *   due → handed over → answered by the robot (the log says ACKED or later)
 *                     → due again, when nothing was heard for `reofferMs` or the handing over failed
 *
 * Only what may be done twice is handed over again without being asked for. Of the rest the log says UNKNOWN after a
 * while, and the robot is asked what came of it, as often.
 *
 * What another instance handed over shows as SENT or DELIVERED in the log, and waits as long. Two instances that are
 * asked within the log's delay hand the same command over twice: robots execute a command id once.
 */
export class DeliveryDesk {
  readonly #book: CommandBook;
  readonly #reofferMs: number;
  readonly #mayDeliver: () => boolean;
  /** Of open commands that were handed over, here or, as the log says, elsewhere. */
  readonly #attempts = new Map<string, Attempt>();

  /** @param mayDeliver false while history is read: what looks due there may have ended further on */
  constructor(book: CommandBook, reofferMs: number, mayDeliver: () => boolean) {
    this.#book = book;
    this.#reofferMs = reofferMs;
    this.#mayDeliver = mayDeliver;
  }

  /** Takes what is due for a robot, in the order of the requests; it counts as handed over from now. */
  take(robotId: string, moment: Moment): Handover[] {
    const taken: Handover[] = [];
    for (const command of this.#book.openOf(robotId)) {
      if (!this.#isDue(command, moment)) continue;
      const attempt = Math.max(this.#attempts.get(toKey(command))?.attempt ?? 0, command.attempt ?? 0) + 1;
      this.#attempts.set(toKey(command), { attempt, atMonotonicMs: moment.monotonicMs });
      taken.push({ command, attempt });
    }
    return taken;
  }

  /** Whether `take` would give something. */
  hasDue(robotId: string, moment: Moment): boolean {
    for (const command of this.#book.openOf(robotId)) if (this.#isDue(command, moment)) return true;
    return false;
  }

  /** The handing over failed before the robot can have anything: due again after `delayMs`. */
  giveBack(handovers: readonly Handover[], { monotonicMs }: Moment, delayMs = 0): void {
    for (const { command, attempt } of handovers) {
      const current = this.#attempts.get(toKey(command));
      if (current?.attempt !== attempt) continue;
      this.#attempts.set(toKey(command), { attempt, atMonotonicMs: monotonicMs - this.#reofferMs + delayMs });
    }
  }

  /** Told of each transition that the log has. */
  note(command: CommandView, { monotonicMs }: Moment): void {
    const key = toKey(command);
    const known = this.#attempts.get(key);
    if (!talkedOf.has(command.status)) this.#attempts.delete(key);
    else if (command.status !== 'QUEUED' && (command.attempt ?? 0) > (known?.attempt ?? 0)) {
      this.#attempts.set(key, { attempt: command.attempt ?? 1, atMonotonicMs: monotonicMs });
    }
  }

  #isDue(command: CommandView, { nowMs, monotonicMs }: Moment): boolean {
    const { status } = command;
    if (!talkedOf.has(status) || !this.#mayDeliver()) return false;
    if (isAsked(command)) return this.#isQuiet(command, monotonicMs);
    // The log expires it; until it says so, a robot must not be given what nobody wants any more.
    if (command.expiresAtMs <= nowMs) return false;
    const epoch = this.#book.epochOf(command.robotId);
    if (command.epoch < epoch || (status !== 'QUEUED' && command.idempotent !== true)) return false;
    return this.#isQuiet(command, monotonicMs);
  }

  #isQuiet(command: CommandView, monotonicMs: number): boolean {
    const last = this.#attempts.get(toKey(command));
    return last === undefined || monotonicMs - last.atMonotonicMs >= this.#reofferMs;
  }
}

/** Whether the robot is not given the command but asked what came of it. */
export function isAsked({ status }: CommandView): boolean {
  return status === 'UNKNOWN';
}

function toKey({ robotId, commandId }: CommandView): string {
  return `${robotId}/${commandId}`;
}
