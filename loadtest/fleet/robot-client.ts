import { contentTypes } from '@fleetstream/contracts';
import { type Clock } from '@fleetstream/kernel';
import { signatureHeaders, signContent } from '@fleetstream/signing';
import { toBackOffMs } from './back-off.ts';
import { type FleetTally } from './fleet-tally.ts';
import { isFolded, KeptEvents } from './folded-events.ts';
import { type Gateway, type GatewayAnswer } from './gateway.ts';
import { type JournalWriter } from './journal-writer.ts';
import { type Outbox, type OutboxItem, outboxLimits } from './outbox.ts';
import { type AnswerReading, readAnswer, type Verdict } from './read-answer.ts';
import { hashRobotEvent, type RobotEvent } from './robot-event.ts';
import { type Random } from './seeded-random.ts';

export interface RobotClientParts {
  readonly robotId: string;
  readonly secret: Buffer;
  readonly outbox: Outbox;
  readonly gateway: Gateway;
  readonly journal: JournalWriter;
  readonly tally: FleetTally;
  readonly clock: Clock;
  readonly random: Random;
  /** Resolves after the time or as soon as the signal is aborted; never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** How long an event may wait for company in its request. */
  readonly lingerMs: number;
  /** Share of acknowledged requests that are sent a second time, as a robot does whose answer got lost. */
  readonly duplicateShare: number;
  /** Share of answers that get lost on their way to the robot. */
  readonly lostShare?: number;
  /** Keep what is acknowledged until it is folded, and end only then. */
  readonly untilFolded?: boolean;
  /** Goes into message ids. */
  readonly run: string;
}

/** What an answer says of a robot's commands. */
export type CommandsSaid = Pick<AnswerReading, 'commands' | 'commandsDue'>;

/** A request's content as it is sent, and sent again. */
interface Message {
  readonly id: string;
  readonly items: readonly OutboxItem[];
  readonly body: Buffer;
}

const foldedProbeMs = 500;
const urgentLookMs = 100;
const urgentTypes: ReadonlySet<string> = new Set(['robot.command-ack.v1', 'robot.alert.v1']);

/**
 * A robot's side of the ingest contract: keeps what isn't acknowledged, has one request in flight, sends the same
 * events with the same ids until each is answered for good.
 *
 * States of the sending loop: idle (nothing to send or cut off) → lingering → in flight → backing off → in flight …
 */
export class RobotClient {
  readonly #parts: RobotClientParts;
  /** Aborted: gives up at once. */
  readonly #stop = new AbortController();
  /** Aborted: no more lingering. */
  readonly #hurry = new AbortController();
  #online = true;
  #running: Promise<void> | undefined;
  #messages = 0;
  #batchEventsMax = outboxLimits.batchEventsMax;
  /** Events still to be answered before requests may be of full size again; see `#split`. */
  #cautious = 0;
  #attempt = 0;
  /** An answer was lost: ask with one event what arrived, before all is sent again. */
  #probing = false;
  #reportEveryMs = 0;
  #sentAtMs = 0;
  readonly #kept = new KeptEvents();
  #hearCommands: ((said: CommandsSaid) => void) | undefined;

  constructor(parts: RobotClientParts) {
    this.#parts = parts;
  }

  /** False in a network hole. */
  get online(): boolean {
    return this.#online;
  }

  get pending(): number {
    return this.#parts.outbox.length;
  }

  /** Takes an event over for delivery; false when the outbox is full and the robot must not make more. */
  offer(event: RobotEvent): boolean {
    if (!this.#parts.outbox.offer(event)) return false;
    this.#parts.tally.addCreated(event.sizeBytes);
    this.#wake();
    return true;
  }

  /** From now on asks for its commands with every request; told of the answers that say something of them. */
  askForCommands(hear: (said: CommandsSaid) => void): void {
    this.#hearCommands = hear;
  }

  /** Enters or leaves a network hole: nothing leaves and no answer arrives. */
  setOnline(online: boolean): void {
    if (this.#online === online) return;
    this.#online = online;
    this.#parts.tally.robotsCutOff += online ? -1 : 1;
    this.#wake();
  }

  /** Delivers what waits, without lingering; resolves when all is answered or `abandon` was called. */
  async drain(): Promise<void> {
    this.#hurry.abort();
    this.setOnline(true);
    while (this.#running !== undefined) await this.#running;
    while (this.#kept.length > 0 && !this.#stop.signal.aborted) await this.#awaitFold();
  }

  /** Gives up: what isn't answered is written to the journal as `unacked`. Call once, after `drain` or its deadline. */
  async abandon(): Promise<void> {
    this.#hurry.abort();
    this.#stop.abort();
    await this.#running;
    for (const { event, sends } of this.#parts.outbox.items()) this.#note(event, { result: 'unacked', sends });
  }

  #wake(): void {
    if (this.#running !== undefined || !this.#wanted()) return;
    this.#running = this.#send().finally(() => {
      this.#running = undefined;
      // Something may have been offered between the loop's last look and now.
      this.#wake();
    });
  }

  /** Nothing is left to be sent, so nothing is told: one event that was acknowledged is sent again to hear more. */
  async #awaitFold(): Promise<void> {
    const { sleep, tally, clock } = this.#parts;
    const probe = this.#kept.last;
    await sleep(foldedProbeMs, this.#stop.signal);
    if (probe === undefined || this.#stop.signal.aborted) return;
    tally.probes += 1;
    const reading = readAnswer(await this.#post(this.#toMessage([probe])), [probe.event.id], clock.nowMs());
    this.#hear(reading);
    while (this.#running !== undefined) await this.#running;
  }

  #wanted(): boolean {
    return this.#online && this.pending > 0 && !this.#stop.signal.aborted;
  }

  async #send(): Promise<void> {
    const { sleep, lingerMs, outbox } = this.#parts;
    let message: Message | undefined;
    while (this.#wanted()) {
      if (this.#attempt === 0 && this.pending < this.#batchEventsMax && !this.#hurry.signal.aborted) {
        await sleep(lingerMs, this.#hurry.signal);
        if (!this.#wanted()) break;
      }
      if (message === undefined && this.#reportEveryMs > 0) await this.#keepInterval();
      message ??= this.#toMessage(outbox.peekBatch(this.#probing ? 1 : this.#batchEventsMax));
      const { done, waitMs } = await this.#try(message);
      // The same bytes under the same message id until something in them is answered.
      if (done) message = undefined;
      if (waitMs > 0) await sleep(waitMs, this.#stop.signal);
    }
  }

  async #try(message: Message): Promise<{ readonly done: boolean; readonly waitMs: number }> {
    const { tally, clock, random } = this.#parts;
    if (message.items.some((item) => item.sends > 0)) tally.retries += 1;
    for (const item of message.items) {
      if (item.sends === 0) tally.sent += 1;
      item.sends += 1;
    }
    const beforeMs = clock.monotonicMs();
    const answer = await this.#post(message);
    const ackMs = clock.monotonicMs() - beforeMs;
    const reading = readAnswer(answer, toIds(message), clock.nowMs());
    if (answer.kind === 'lost' && message.items.length > 1 && message.items[0]?.event.sequence !== undefined) {
      // Most of it may have arrived: one event asks for what did, and only the rest is sent again.
      this.#probing = true;
      this.#attempt += 1;
      return { done: true, waitMs: toBackOffMs(this.#attempt, undefined, random) };
    }
    if (reading.split) {
      this.#split(message.items.length);
      return { done: true, waitMs: 0 };
    }
    const answered = this.#settle(message, reading.verdicts, ackMs);
    const folded = this.#hear(reading);
    if (answered > 0) tally.addAckMs(ackMs);
    if (answered > 0) this.#probing = false;
    if (answered === message.items.length) {
      this.#attempt = 0;
      await this.#maybeSendAgain(message, reading.verdicts);
      return { done: true, waitMs: 0 };
    }
    this.#attempt = answered > 0 ? 1 : this.#attempt + 1;
    // What is folded of the message doesn't go out again under its id.
    return { done: answered + folded > 0, waitMs: toBackOffMs(this.#attempt, reading.retryAfterMs, random) };
  }

  /** Takes to heart what an answer says beside its results. @returns how many events it settled */
  #hear({ folded, reportEveryMs, commands, commandsDue }: AnswerReading): number {
    this.#reportEveryMs = reportEveryMs;
    if (commands.length > 0 || commandsDue) this.#hearCommands?.({ commands, commandsDue });
    if (folded.length === 0) return 0;
    const { outbox, tally, clock } = this.#parts;
    for (const item of this.#kept.settle(folded, clock.monotonicMs())) {
      tally.resent += 1;
      outbox.putBack(item);
      this.#wake();
    }
    const arrived = new Set(outbox.items().filter((item) => item.sends > 0 && isFolded(item, folded)));
    for (const item of arrived) {
      // What is folded is in the log: that is more than an acknowledgement says.
      tally.addVerdict({ result: 'accepted' });
      tally.settledByFold += 1;
      this.#note(item.event, { result: 'accepted', sends: item.sends });
    }
    if (arrived.size > 0) outbox.remove(arrived);
    return arrived.size;
  }

  /** Reports no more often than the platform asks for, unless there is something urgent to say. */
  async #keepInterval(): Promise<void> {
    const { clock, sleep, outbox, tally } = this.#parts;
    const urgent = () => outbox.items().some(({ event }) => urgentTypes.has(event.type));
    for (;;) {
      const leftMs = this.#sentAtMs + this.#reportEveryMs - clock.monotonicMs();
      if (this.#reportEveryMs === 0 || leftMs <= 0 || this.#hurry.signal.aborted || urgent()) return;
      tally.heldMs += Math.min(leftMs, urgentLookMs);
      await sleep(Math.min(leftMs, urgentLookMs), this.#hurry.signal);
    }
  }

  /** Something in the request made it fail as a whole: halve until the culprit stands alone and is named. */
  #split(events: number): void {
    this.#batchEventsMax = Math.max(1, Math.floor(events / 2));
    this.#cautious = Math.max(this.#cautious, events);
  }

  #settle(message: Message, verdicts: readonly Verdict[], ackMs: number): number {
    const answered = new Set<OutboxItem>();
    for (const [index, item] of message.items.entries()) {
      const verdict = verdicts[index];
      if (verdict === undefined || verdict.result === 'retry') continue;
      answered.add(item);
      if (this.#parts.untilFolded === true && verdict.result !== 'rejected') {
        this.#kept.keep(item, this.#parts.clock.monotonicMs());
      }
      this.#parts.tally.addVerdict(verdict);
      this.#note(item.event, { ...verdict, sends: item.sends, ackMs: Math.round(ackMs * 10) / 10 });
    }
    this.#parts.outbox.remove(answered);
    this.#cautious = Math.max(0, this.#cautious - answered.size);
    if (this.#cautious === 0) this.#batchEventsMax = outboxLimits.batchEventsMax;
    return answered.size;
  }

  async #maybeSendAgain(message: Message, verdicts: readonly Verdict[]): Promise<void> {
    const { random, duplicateShare, tally, clock } = this.#parts;
    if (random() >= duplicateShare || this.#stop.signal.aborted || verdicts.some((v) => v.result === 'rejected'))
      return;
    tally.duplicatesSent += message.items.length;
    const { verdicts: again } = readAnswer(await this.#post(message), toIds(message), clock.nowMs());
    tally.duplicatesRecognised += again.filter((verdict) => verdict.result === 'duplicate').length;
  }

  async #post(message: Message): Promise<GatewayAnswer> {
    const { robotId, secret, gateway, tally, clock, random, lostShare = 0 } = this.#parts;
    const { id, body } = message;
    const timestamp = String(Math.floor(clock.nowMs() / 1000));
    tally.requests += 1;
    this.#sentAtMs = clock.monotonicMs();
    const answer = await gateway.post({
      robotId,
      body,
      headers: {
        'content-type': contentTypes.cloudEventBatch,
        ...(this.#hearCommands !== undefined && { prefer: 'commands' }),
        [signatureHeaders.id]: id,
        [signatureHeaders.timestamp]: timestamp,
        [signatureHeaders.signature]: signContent(secret, { id, timestamp, body }),
      },
    });
    if (lostShare > 0 && random() < lostShare) {
      tally.answersLost += 1;
      return { kind: 'lost', reason: 'lost on its way' };
    }
    // An answer that comes while the robot is cut off doesn't reach it: that is how real duplicates are made.
    return this.#online ? answer : { kind: 'lost', reason: 'cut off' };
  }

  #toMessage(items: readonly OutboxItem[]): Message {
    this.#messages += 1;
    const id = `${this.#parts.robotId}.${this.#parts.run}.${this.#messages}`;
    return { id, items, body: Buffer.from(`[${items.map(({ event }) => event.body).join(',')}]`) };
  }

  #note(
    event: RobotEvent,
    outcome:
      | { readonly result: 'accepted' | 'duplicate' | 'unacked'; readonly sends: number; readonly ackMs?: number }
      | { readonly result: 'rejected'; readonly code: string; readonly sends: number; readonly ackMs: number },
  ): void {
    const { robotId, journal } = this.#parts;
    const { id, type } = event;
    journal.write({ robotId, id, type, ...outcome, sha256: hashRobotEvent(event) });
  }
}

function toIds(message: Message): string[] {
  return message.items.map(({ event }) => event.id);
}
