import { type StoredTimer } from '@fleetstream/state-store';

/** A binary heap by due time, then key. */
export class TimerHeap {
  #entries: StoredTimer[] = [];

  get size(): number {
    return this.#entries.length;
  }

  get first(): StoredTimer | undefined {
    return this.#entries[0];
  }

  push(entry: StoredTimer): void {
    const heap = this.#entries;
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || compareTimers(entry, parent) >= 0) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = entry;
  }

  pop(): void {
    const heap = this.#entries;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      if (left === undefined) break;
      const goRight = right !== undefined && compareTimers(right, left) < 0;
      const child = goRight ? right : left;
      if (compareTimers(child, last) >= 0) break;
      heap[at] = child;
      at = 2 * at + (goRight ? 2 : 1);
    }
    heap[at] = last;
  }

  /** Up to `limit` entries that are due by `untilMs`, the first among them, in no order. */
  peekDue(untilMs: number, limit: number): StoredTimer[] {
    const due: StoredTimer[] = [];
    const open = [0];
    for (let at = open.pop(); at !== undefined && due.length < limit; at = open.pop()) {
      const entry = this.#entries[at];
      if (entry === undefined || entry.dueMs > untilMs) continue;
      due.push(entry);
      open.push(2 * at + 2, 2 * at + 1);
    }
    return due;
  }

  /** Keeps the soonest `count` (at least 1) and what is due in the same millisecond as the last of them. */
  keepSoonest(count: number): { readonly horizonMs: number; readonly dropped: readonly StoredTimer[] } {
    // A sorted array is a heap.
    const sorted = this.#entries.sort(compareTimers);
    const horizonMs = sorted[count - 1]?.dueMs ?? Number.POSITIVE_INFINITY;
    let kept = Math.min(count, sorted.length);
    while (sorted[kept]?.dueMs === horizonMs) kept += 1;
    this.#entries = sorted.slice(0, kept);
    return { horizonMs, dropped: sorted.slice(kept) };
  }
}

function compareTimers(a: StoredTimer, b: StoredTimer): number {
  if (a.dueMs !== b.dueMs) return a.dueMs - b.dueMs;
  return a.key < b.key ? -1 : a.key === b.key ? 0 : 1;
}
