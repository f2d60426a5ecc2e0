import { disarmedTimer } from '@fleetstream/state-store';

/** A key whose timer may be due. */
export interface DueTimer {
  readonly key: string;
  readonly dueMs: number;
}

/** Measured on Node 24: an entry in the heap, in the map, and in that of the stored due times. */
const timerBytes = 170;

/**
 * When the keys of a partition are next due, as a lower bound: an entry may be earlier than the key's true due time,
 * never later. Whoever takes one looks at the state and notes it again when it is not due yet. That way a timer that
 * each record pushes further out costs nothing until it would have fired.
 */
export class TimerIndex {
  /** A binary heap by (dueMs, key); entries whose key is noted with another time are leftovers. */
  readonly #heap: DueTimer[] = [];
  readonly #noted = new Map<string, number>();

  readonly #disarmed = new Set<string>();

  /** How many keys have an entry. */
  get size(): number {
    return this.#noted.size;
  }

  /** Estimated, of the heap, together with what is remembered of the stored times. */
  get sizeBytes(): number {
    return this.#noted.size * timerBytes;
  }

  /** The earliest entry's time; `undefined` when there is none. */
  earliestMs(): number | undefined {
    this.#dropLeftovers();
    return this.#heap[0]?.dueMs;
  }

  /** False when nothing is due by `untilMs`; asked for every record, so true may be owed to a leftover. */
  mayBeDue(untilMs: number): boolean {
    const first = this.#heap[0];
    return first !== undefined && first.dueMs <= untilMs;
  }

  /** Takes over what the store holds, a due time or `disarmedTimer`. */
  restore(key: string, storedMs: number): void {
    if (storedMs === disarmedTimer) this.#disarmed.add(key);
    else this.note(key, storedMs);
  }

  /** The key's timer failed: it doesn't count until the key's next record, so that it fails once for each. */
  disarm(key: string): void {
    this.#disarmed.add(key);
  }

  rearm(key: string): void {
    if (this.#disarmed.size > 0) this.#disarmed.delete(key);
  }

  isDisarmed(key: string): boolean {
    return this.#disarmed.size > 0 && this.#disarmed.has(key);
  }

  /** The key is due at `dueMs` or later. A later time than is noted already changes nothing. */
  note(key: string, dueMs: number): void {
    const noted = this.#noted.get(key);
    if (noted !== undefined && noted <= dueMs) return;
    this.#noted.set(key, dueMs);
    this.#push({ key, dueMs });
  }

  /** Takes out the earliest entry if it is at most `untilMs`. */
  take(untilMs: number): DueTimer | undefined {
    this.#dropLeftovers();
    const first = this.#heap[0];
    if (first === undefined || first.dueMs > untilMs) return undefined;
    this.#pop();
    this.#noted.delete(first.key);
    return first;
  }

  /** The keys of up to `limit` entries that are at most `untilMs`, the earliest among them, in no order. */
  peekDueKeys(untilMs: number, limit: number): string[] {
    this.#dropLeftovers();
    const keys: string[] = [];
    const open = [0];
    for (let at = open.pop(); at !== undefined && keys.length < limit; at = open.pop()) {
      const entry = this.#heap[at];
      if (entry === undefined || entry.dueMs > untilMs) continue;
      if (this.#noted.get(entry.key) === entry.dueMs) keys.push(entry.key);
      open.push(2 * at + 2, 2 * at + 1);
    }
    return keys;
  }

  #dropLeftovers(): void {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (this.#noted.get(first.key) === first.dueMs) return;
      this.#pop();
    }
  }

  #push(entry: DueTimer): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(entry, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      if (left === undefined) break;
      const goRight = right !== undefined && isBefore(right, left);
      const child = goRight ? right : left;
      if (!isBefore(child, last)) break;
      heap[at] = child;
      at = 2 * at + (goRight ? 2 : 1);
    }
    heap[at] = last;
  }
}

function isBefore(a: DueTimer, b: DueTimer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.key < b.key);
}
