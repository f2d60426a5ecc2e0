import { disarmedTimer, type StateStore, type StoredTimer, type TimerChange } from '@fleetstream/state-store';
import { TimerHeap } from './timer-heap.ts';

/** Measured on Node 24: an entry in the heap and in the map. */
const timerBytes = 170;
/** An opening shall be short: what is read at a time doubles from here up to a window. */
const firstRead = 256;

/**
 * When the keys of a partition are next due, as alarms on disk of which the soonest are in memory.
 *
 * A key whose state has a due time has at least one alarm at that time or earlier; alarms too many or too early do no
 * harm. Whoever takes one looks at the state and notes it again when it is not due yet. That way a timer that each
 * record pushes further out costs nothing until it would have fired.
 *
 * Every stored alarm up to the horizon is in memory, and what is noted up to it joins them; what is noted beyond it
 * waits for the next batch alone. Before anything past the horizon may fire, the next alarms are read. The horizon lies
 * between two due times, so all alarms of one millisecond are in memory or none.
 */
export class TimerIndex {
  readonly #stored: Pick<StateStore, 'timers'>;
  readonly #windowMax: number;
  readonly #heap = new TimerHeap();
  /** The earliest alarm in memory of each key; another one in the heap is a leftover. */
  readonly #noted = new Map<string, number>();
  /** The earliest alarm of each key that the store doesn't have yet. */
  readonly #unstored = new Map<string, number>();
  /** Stored alarms that have been taken. */
  #taken: StoredTimer[] = [];
  readonly #disarmed = new Set<string>();
  readonly #disarmedSince = new Map<string, boolean>();
  #horizonMs = Number.NEGATIVE_INFINITY;
  #readMax: number;

  /** @param windowMax alarms that are read at a time at most, and kept when there are more than twice as many */
  constructor(stored: Pick<StateStore, 'timers'>, windowMax: number) {
    this.#stored = stored;
    this.#windowMax = windowMax;
    this.#readMax = Math.min(firstRead, windowMax);
  }

  /** How many alarms are in memory. */
  get size(): number {
    return this.#heap.size;
  }

  /** Estimated, of the heap. */
  get sizeBytes(): number {
    return (this.#heap.size + this.#unstored.size + this.#disarmed.size) * timerBytes;
  }

  /** Nothing is due before this; `undefined` when nothing is due ever. */
  earliestMs(): number | undefined {
    const first = this.#heap.first;
    if (first !== undefined) return first.dueMs;
    return this.#horizonMs === Number.POSITIVE_INFINITY ? undefined : this.#horizonMs + 1;
  }

  /** False when nothing is due by `untilMs`; asked for every record, so true may be owed to a leftover. */
  mayBeDue(untilMs: number): boolean {
    const first = this.#heap.first;
    return (first !== undefined && first.dueMs <= untilMs) || this.#horizonMs < untilMs;
  }

  /**
   * Reads the next stored alarms, unless all up to `untilMs` are here.
   *
   * @returns whether it has read, and something may be due now
   */
  async readOn(untilMs: number): Promise<boolean> {
    if (this.#horizonMs >= untilMs) return false;
    const beforeMs = this.#horizonMs;
    this.#horizonMs = await this.#readWindow(beforeMs === Number.NEGATIVE_INFINITY ? disarmedTimer : beforeMs + 1);
    this.#readMax = Math.min(2 * this.#readMax, this.#windowMax);
    for (const [key, dueMs] of this.#unstored) if (dueMs > beforeMs && dueMs <= this.#horizonMs) this.#add(key, dueMs);
    return true;
  }

  /** The key's timer failed: it doesn't count until the key's next record, so that it fails once for each. */
  disarm(key: string): void {
    this.#disarmed.add(key);
    this.#disarmedSince.set(key, true);
  }

  /** @returns whether it was disarmed: then no alarm of the key can be relied on */
  rearm(key: string): boolean {
    if (this.#disarmed.size === 0 || !this.#disarmed.delete(key)) return false;
    this.#disarmedSince.set(key, false);
    return true;
  }

  isDisarmed(key: string): boolean {
    return this.#disarmed.size > 0 && this.#disarmed.has(key);
  }

  /** The key is due at `dueMs` or later. A later time than is noted already changes nothing. */
  note(key: string, dueMs: number): void {
    if (isAtMost(this.#noted.get(key), dueMs) || isAtMost(this.#unstored.get(key), dueMs)) return;
    this.#unstored.set(key, dueMs);
    if (dueMs <= this.#horizonMs) this.#add(key, dueMs);
  }

  /** Takes out the earliest alarm in memory if it is at most `untilMs`. */
  take(untilMs: number): StoredTimer | undefined {
    for (let first = this.#heap.first; first !== undefined && first.dueMs <= untilMs; first = this.#heap.first) {
      this.#heap.pop();
      const { key, dueMs } = first;
      if (this.#unstored.get(key) !== dueMs) this.#taken.push(first);
      if (this.#noted.get(key) !== dueMs) continue;
      // Whoever takes a key's earliest alarm notes it again: no later one of it is relied on from here on.
      this.#noted.delete(key);
      this.#unstored.delete(key);
      return first;
    }
    return undefined;
  }

  /** The keys of up to `limit` alarms in memory that are at most `untilMs`, the earliest among them, in no order. */
  peekDueKeys(untilMs: number, limit: number): string[] {
    return this.#heap.peekDue(untilMs, limit).map(({ key }) => key);
  }

  /** What the store lacks. In this order: what was taken may have been noted again for the same time. */
  changes(): TimerChange[] {
    const changes: TimerChange[] = this.#taken.map(({ key, dueMs }) => ({ key, dueMs, isSet: false }));
    for (const [key, isSet] of this.#disarmedSince) changes.push({ key, dueMs: disarmedTimer, isSet });
    for (const [key, dueMs] of this.#unstored) changes.push({ key, dueMs, isSet: true });
    return changes;
  }

  /** The store has all of `changes` now: beyond a window of the soonest they may be forgotten. */
  noteStored(): void {
    this.#taken = [];
    this.#disarmedSince.clear();
    this.#unstored.clear();
    if (this.#heap.size <= 2 * this.#windowMax) return;
    const { horizonMs, dropped } = this.#heap.keepSoonest(this.#windowMax);
    if (dropped.length === 0) return;
    this.#horizonMs = horizonMs;
    for (const { key, dueMs } of dropped) if (this.#noted.get(key) === dueMs) this.#noted.delete(key);
  }

  /** @returns the new horizon */
  async #readWindow(fromMs: number): Promise<number> {
    let lastMs = fromMs;
    let count = 0;
    for await (const lot of this.#stored.timers(fromMs)) {
      for (const timer of lot) {
        const { key, dueMs } = timer;
        if (dueMs === disarmedTimer) {
          this.#disarmed.add(key);
          continue;
        }
        if (count >= this.#readMax && dueMs > lastMs) return lastMs;
        count += 1;
        lastMs = dueMs;
        // One that an earlier alarm of the key makes superfluous goes.
        if (isAtMost(this.#noted.get(key), dueMs)) this.#taken.push(timer);
        else this.#add(key, dueMs);
      }
    }
    return Number.POSITIVE_INFINITY;
  }

  #add(key: string, dueMs: number): void {
    if (isAtMost(this.#noted.get(key), dueMs)) return;
    this.#noted.set(key, dueMs);
    this.#heap.push({ key, dueMs });
  }
}

function isAtMost(givenMs: number | undefined, limitMs: number): boolean {
  return givenMs !== undefined && givenMs <= limitMs;
}
