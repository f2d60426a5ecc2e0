import { type CommandData, type CommandStatus } from '@fleetstream/contracts';
import { type CommandBook } from './command-book.ts';
import { type CommandView } from './command-view.ts';

/** A command that is being handed to its robot for the `attempt`-th time. */
export interface Handover {
  readonly command: CommandView;
  readonly attempt: number;
  /** Whether an earlier attempt may have reached the robot: then nobody can say that it got nothing. */
  readonly again: boolean;
}

export interface Moment {
  /** Milliseconds since the epoch, for expiry. */
  readonly nowMs: number;
  /** Milliseconds that never run back, for waiting. */
  readonly monotonicMs: number;
}

export interface DeliveryDeskOptions {
  readonly book: CommandBook;
  /** By this name the log grants attempts. Another one after each start: what was granted to a dead process is not ours. */
  readonly instance: string;
  readonly reofferMs: number;
  /** False while history is read: what looks due there may have ended further on. */
  readonly mayDeliver: () => boolean;
}

/**
 * An attempt of this instance or, as the log says, of another:
 *
 *   claimed → the log was told SENT, and has not said yet whom it grants the attempt
 *   granted → to this instance, which hands it over or says that it did not
 *   out     → handed over, given up, or granted to another instance
 */
interface Attempt {
  readonly attempt: number;
  readonly phase: 'claimed' | 'granted' | 'out';
  readonly again: boolean;
  readonly atMonotonicMs: number;
}

/** Of these the robot is told something: what it hasn't answered yet, and what it is asked about. */
const talkedOf: ReadonlySet<CommandStatus> = new Set(['QUEUED', 'SENT', 'DELIVERED', 'UNKNOWN']);

/** A claim that the log says nothing of for so long is made again, as the same attempt: it may not have arrived. */
const claimedMsMax = 5_000;
/** For so long a granted attempt waits for a robot that has just gone to ask again. */
const grantedMsMax = 2_000;

/**
 * Decides what is handed over when, whatever the channel:
 *
 *   due → claimed in the log → granted by the log → handed over → answered by the robot (the log says ACKED or later)
 *
 * Every instance may claim; the fold grants an attempt to the first, so that one delivery of a command is in flight at
 * most. A stop doesn't wait for that: two of them are one. Nor does a question, which is no delivery.
 *
 * Only what may be done twice is handed over again without being asked for, after `reofferMs` of silence. Of the rest
 * the log says UNKNOWN after a while, and the robot is asked what came of it, as often.
 */
export class DeliveryDesk {
  readonly #options: DeliveryDeskOptions;
  /** Of open commands that somebody has tried to hand over. */
  readonly #attempts = new Map<string, Attempt>();
  /** Those that are claimed or granted here, by robot and key. */
  readonly #pending = new Map<string, Map<string, CommandView>>();

  constructor(options: DeliveryDeskOptions) {
    this.#options = options;
  }

  /** Takes what may be handed to a robot now, in the order of the requests; it counts as handed over from now. */
  take(robotId: string, moment: Moment): Handover[] {
    const taken: Handover[] = [];
    for (const command of this.#options.book.openOf(robotId)) {
      const known = this.#attempts.get(toKey(command));
      const granted = known?.phase === 'granted' && this.#isWanted(command, moment) ? known : undefined;
      const atOnce = needsNoGrant(command) && this.#isDue(command, moment) ? this.#next(command) : undefined;
      const next = granted ?? atOnce;
      if (next !== undefined) taken.push(this.#set(command, next, 'out', moment));
    }
    return taken;
  }

  /** What is due and needs a grant, in the order of the requests. The caller tells the log SENT of it. */
  claim(robotId: string, moment: Moment): Handover[] {
    const claimed: Handover[] = [];
    for (const command of this.#options.book.openOf(robotId)) {
      if (needsNoGrant(command) || !this.#isDue(command, moment)) continue;
      const known = this.#attempts.get(toKey(command));
      // The same again under the same number: the log counts it once.
      claimed.push(this.#set(command, known?.phase === 'claimed' ? known : this.#next(command), 'claimed', moment));
    }
    return claimed;
  }

  /** Whether the log is about to say, or has just said, that something may be handed to the robot. */
  isPending(robotId: string): boolean {
    return this.#pending.has(robotId);
  }

  /** The same of any robot. */
  get anyPending(): boolean {
    return this.#pending.size > 0;
  }

  /** Whether `take` or `claim` would give something. */
  hasDue(robotId: string, moment: Moment): boolean {
    for (const command of this.#options.book.openOf(robotId)) {
      if (this.#attempts.get(toKey(command))?.phase === 'granted' || this.#isDue(command, moment)) return true;
    }
    return false;
  }

  /** Whether the log has something for the robot, whoever is handing it over: every instance says the same. */
  isOwed(robotId: string, moment: Moment): boolean {
    for (const command of this.#options.book.openOf(robotId)) {
      if (isAsked(command)) return true;
      const again = talkedOf.has(command.status) && command.idempotent === true;
      if ((command.status === 'QUEUED' || again) && this.#isWanted(command, moment)) return true;
    }
    return false;
  }

  /** Whether a stop is due, which waits for nothing. */
  hasStopDue(robotId: string, moment: Moment): boolean {
    for (const command of this.#options.book.openOf(robotId)) {
      if (command.stop === true && this.#isDue(command, moment)) return true;
    }
    return false;
  }

  /** Gives up what was granted here and is wanted no more, or that no robot has come for; all of it with `all`. */
  release(moment: Moment, all = false): Handover[] {
    const released: Handover[] = [];
    for (const { commandId } of [...this.#pending.values()].flatMap((ofRobot) => [...ofRobot.values()])) {
      const command = this.#options.book.find(commandId);
      const known = command === undefined ? undefined : this.#attempts.get(toKey(command));
      if (command === undefined || known === undefined) continue;
      const ageMs = moment.monotonicMs - known.atMonotonicMs;
      if (known.phase === 'granted') {
        if (!all && ageMs < grantedMsMax && this.#isWanted(command, moment)) continue;
        released.push(this.#set(command, known, 'out', moment));
      } else if (ageMs >= claimedMsMax && !this.#isDue(command, moment)) this.#set(command, known, 'out', moment);
    }
    return released;
  }

  /** The log may not have heard of a claim, or nothing was handed over: due again after `delayMs`. */
  giveBack(handovers: readonly Handover[], moment: Moment, delayMs = 0): void {
    for (const { command, attempt } of handovers) {
      const known = this.#attempts.get(toKey(command));
      if (known?.attempt !== attempt || known.phase === 'granted') continue;
      const waitMs = known.phase === 'claimed' ? claimedMsMax : this.#options.reofferMs;
      this.#set(command, known, known.phase, { ...moment, monotonicMs: moment.monotonicMs - waitMs + delayMs });
    }
  }

  /**
   * Told of each transition that the log has, in its order.
   *
   * @returns how long a claim had waited that is granted now
   */
  note(command: CommandView, { instance }: Pick<CommandData, 'instance'>, moment: Moment): number | undefined {
    const { status, attempt = 0 } = command;
    const key = toKey(command);
    const known = this.#attempts.get(key);
    if (!talkedOf.has(status)) this.#forget(command);
    else if (status === 'QUEUED') {
      // Whoever had it says that it did not hand it over. A newer claim of ours may still be granted.
      if (known !== undefined && (known.phase !== 'claimed' || known.attempt <= attempt)) this.#forget(command);
    } else if (status !== 'UNKNOWN' && attempt > 0) {
      const isOurs = instance === this.#options.instance;
      if (isOurs && (known === undefined || known.attempt < attempt || known.phase === 'claimed')) {
        this.#set(command, { attempt, again: known?.again ?? true }, 'granted', moment);
        return known?.phase === 'claimed' ? moment.monotonicMs - known.atMonotonicMs : undefined;
      } else if (!isOurs && (attempt >= (known?.attempt ?? 0) || command.idempotent !== true)) {
        this.#set(command, { attempt: Math.max(attempt, known?.attempt ?? 0), again: true }, 'out', moment);
      }
    } else if (known?.phase === 'claimed' || known?.phase === 'granted') this.#forget(command);
    return undefined;
  }

  #isDue(command: CommandView, moment: Moment): boolean {
    const { status } = command;
    if (!talkedOf.has(status) || !this.#options.mayDeliver()) return false;
    if (isAsked(command)) return this.#isQuiet(command, moment);
    if (!this.#isWanted(command, moment) || (status !== 'QUEUED' && command.idempotent !== true)) return false;
    return this.#isQuiet(command, moment);
  }

  /** The log ends it in time; until it says so, a robot must not be given what nobody wants any more. */
  #isWanted({ expiresAtMs, epoch, stop, robotId, status }: CommandView, { nowMs }: Moment): boolean {
    if (expiresAtMs <= nowMs || status === 'UNKNOWN') return false;
    return stop === true || epoch >= this.#options.book.epochOf(robotId);
  }

  #isQuiet(command: CommandView, { monotonicMs }: Moment): boolean {
    const last = this.#attempts.get(toKey(command));
    if (last === undefined) return true;
    if (last.phase === 'granted') return false;
    return monotonicMs - last.atMonotonicMs >= (last.phase === 'claimed' ? claimedMsMax : this.#options.reofferMs);
  }

  #next(command: CommandView): Pick<Attempt, 'attempt' | 'again'> {
    const { attempt = 0, status } = command;
    // A question names the attempt that it asks about: a robot that answers it never to have begun refuses that one.
    if (isAsked(command)) return { attempt: Math.max(1, attempt), again: true };
    const last = Math.max(attempt, this.#attempts.get(toKey(command))?.attempt ?? 0);
    return { attempt: last + 1, again: status !== 'QUEUED' };
  }

  #set(
    command: CommandView,
    { attempt, again }: Pick<Attempt, 'attempt' | 'again'>,
    phase: Attempt['phase'],
    { monotonicMs }: Moment,
  ): Handover {
    const key = toKey(command);
    this.#attempts.set(key, { attempt, again, phase, atMonotonicMs: monotonicMs });
    this.#setPending(command, phase !== 'out');
    return { command, attempt, again };
  }

  #forget(command: CommandView): void {
    this.#attempts.delete(toKey(command));
    this.#setPending(command, false);
  }

  #setPending(command: CommandView, pending: boolean): void {
    const { robotId } = command;
    const ofRobot = this.#pending.get(robotId);
    if (pending) this.#pending.set(robotId, (ofRobot ?? new Map<string, CommandView>()).set(toKey(command), command));
    else if (ofRobot?.delete(toKey(command)) === true && ofRobot.size === 0) this.#pending.delete(robotId);
  }
}

/** Whether the robot is not given the command but asked what came of it. */
export function isAsked({ status }: CommandView): boolean {
  return status === 'UNKNOWN';
}

/** A stop is never late for the sake of being handed over once, and a question is no delivery. */
export function needsNoGrant(command: CommandView): boolean {
  return command.stop === true || isAsked(command);
}

function toKey({ robotId, commandId }: CommandView): string {
  return `${robotId}/${commandId}`;
}
