import { type Clock } from '@fleetstream/kernel';
import { type FeedItem, type RobotFeed } from './fleet-source.ts';
import { type FleetTally } from './fleet-tally.ts';
import { type RobotClient } from './robot-client.ts';

/** A robot on stage: its feed, its client and what it does next. */
interface Performer {
  readonly feed: RobotFeed;
  readonly client: RobotClient;
  item: FeedItem;
  /** Lost to full outboxes; everything later happens that much later. */
  delayMs: number;
  held: boolean;
}

export interface PlayOptions {
  readonly cast: readonly { readonly feed: RobotFeed; readonly client: RobotClient }[];
  readonly clock: Clock;
  readonly tally: FleetTally;
  /** Resolves after the time or as soon as the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  /** Whether an event has to wait, because its robot can't know yet what it is about. */
  readonly holds?: (robotId: string, atMs: number) => boolean;
}

const stepMs = 20;
const fullRetryMs = 100;
/** Items per step: a machine that was suspended must not come back to one endless step. */
const stepItemsMax = 5000;

/** Makes every feed's items happen at their time, until all feeds ended or the signal is aborted. */
export async function playFeeds(options: PlayOptions): Promise<void> {
  const { clock, signal, sleep, tally } = options;
  const startMs = clock.monotonicMs();
  const queue = new DueQueue();
  for (const { feed, client } of options.cast) {
    const item = feed.next();
    if (item !== undefined) queue.push({ feed, client, item, delayMs: 0, held: false });
  }
  for (;;) {
    const nowMs = clock.monotonicMs() - startMs;
    for (let count = 0; count < stepItemsMax; count++) {
      const performer = queue.popDue(nowMs);
      if (performer === undefined) break;
      if (signal.aborted) return;
      if (options.holds?.(performer.feed.identity.robotId, performer.item.atMs) === true) {
        performer.delayMs += stepMs;
        queue.push(performer);
        continue;
      }
      perform(performer, tally);
      if (!performer.held) {
        const next = performer.feed.next();
        if (next === undefined) continue;
        performer.item = next;
      }
      queue.push(performer);
    }
    const nextDueMs = queue.nextDueMs();
    if (nextDueMs === undefined || signal.aborted) return;
    await sleep(Math.max(stepMs, nextDueMs - (clock.monotonicMs() - startMs)), signal);
  }
}

function perform(performer: Performer, tally: FleetTally): void {
  const { client, item } = performer;
  if (item.kind === 'network') {
    client.setOnline(item.online);
    return;
  }
  const taken = client.offer(item.event);
  if (!taken) {
    if (!performer.held) tally.outboxFull += 1;
    performer.delayMs += fullRetryMs;
  }
  performer.held = !taken;
}

/** A binary heap by due time. */
class DueQueue {
  readonly #heap: Performer[] = [];

  nextDueMs(): number | undefined {
    const first = this.#heap[0];
    return first === undefined ? undefined : dueMs(first);
  }

  popDue(nowMs: number): Performer | undefined {
    const first = this.#heap[0];
    if (first === undefined || dueMs(first) > nowMs) return undefined;
    const last = this.#heap.pop();
    if (last !== undefined && last !== first) this.#sink(last);
    return first;
  }

  push(performer: Performer): void {
    let index = this.#heap.length;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#heap[parentIndex];
      if (parent === undefined || dueMs(parent) <= dueMs(performer)) break;
      this.#heap[index] = parent;
      index = parentIndex;
    }
    this.#heap[index] = performer;
  }

  #sink(performer: Performer): void {
    let index = 0;
    for (;;) {
      const left = this.#heap[2 * index + 1];
      const right = this.#heap[2 * index + 2];
      if (left === undefined) break;
      const rightFirst = right !== undefined && dueMs(right) < dueMs(left);
      const child = rightFirst ? right : left;
      if (dueMs(child) >= dueMs(performer)) break;
      this.#heap[index] = child;
      index = 2 * index + (rightFirst ? 2 : 1);
    }
    this.#heap[index] = performer;
  }
}

function dueMs(performer: Performer): number {
  return performer.item.atMs + performer.delayMs;
}
