import { type RobotEvent } from './robot-event.ts';

export interface OutboxLimits {
  /** Events waiting, the ones in flight included. */
  readonly eventsMax: number;
  readonly bytesMax: number;
  readonly batchEventsMax: number;
  readonly batchBytesMax: number;
}

export const outboxLimits: OutboxLimits = {
  eventsMax: 2000,
  bytesMax: 8 * 1024 * 1024,
  batchEventsMax: 50,
  batchBytesMax: 256 * 1024,
};

/** An event that isn't acknowledged yet, and how many requests carried it. */
export interface OutboxItem {
  readonly event: RobotEvent;
  sends: number;
}

/** What a robot made and nobody acknowledged yet, oldest first. Nothing leaves it unanswered. */
export class Outbox {
  readonly #limits: OutboxLimits;
  #items: OutboxItem[] = [];
  #bytes = 0;

  constructor(limits: OutboxLimits = outboxLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#items.length;
  }

  /** False when full: the robot keeps the event and makes no more. An empty outbox takes an event of any size. */
  offer(event: RobotEvent): boolean {
    const { eventsMax, bytesMax } = this.#limits;
    const full = this.#items.length >= eventsMax || this.#bytes + event.sizeBytes > bytesMax;
    if (full && this.#items.length > 0) return false;
    this.#items.push({ event, sends: 0 });
    this.#bytes += event.sizeBytes;
    return true;
  }

  /** The oldest events that fit into one request, at most `eventsMax` of them; they stay in the outbox. */
  peekBatch(eventsMax = this.#limits.batchEventsMax): readonly OutboxItem[] {
    const batch: OutboxItem[] = [];
    // Two for the brackets of the JSON array, one for each comma.
    let bytes = 2;
    for (const item of this.#items) {
      bytes += item.event.sizeBytes + 1;
      if (batch.length > 0 && (batch.length >= eventsMax || bytes > this.#limits.batchBytesMax)) break;
      batch.push(item);
    }
    return batch;
  }

  /** Takes an event back that was answered and has to be sent once more all the same; it goes first. */
  putBack(item: OutboxItem): void {
    if (this.#items.includes(item)) return;
    this.#items.unshift(item);
    this.#bytes += item.event.sizeBytes;
  }

  /** Takes out what was answered for good. */
  remove(answered: ReadonlySet<OutboxItem>): void {
    this.#items = this.#items.filter((item) => !answered.has(item));
    for (const { event } of answered) this.#bytes -= event.sizeBytes;
  }

  /** What is left, for the journal's `unacked` lines. */
  items(): readonly OutboxItem[] {
    return this.#items;
  }
}
