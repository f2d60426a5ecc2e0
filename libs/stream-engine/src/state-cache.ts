import { type Fold } from '@fleetstream/kernel';
import { type StateStore } from '@fleetstream/state-store';
import { KeyTable } from './key-table.ts';
import { toStateText } from './state-value.ts';
import { type TimerIndex } from './timer-index.ts';

/** A key's state in memory. */
export interface CachedState<State> {
  readonly key: string;
  /** `undefined` when the key has no state. */
  state: State | undefined;
  /** Changed since the store's last batch. */
  dirty: boolean;
  /** Touched since the last look for what may go. */
  used: boolean;
  /** Estimated, of the heap. */
  sizeBytes: number;
  /** The row that the store holds, when this process wrote it. */
  indexRow: string | undefined;
  /** The key has an alarm at this time or earlier, when this is set. */
  notedMs: number | undefined;
}

type StoredFold<State> = Pick<Fold<State, never>, 'decodeState' | 'dueAt' | 'stateVersion' | 'upgrades'>;

export interface CacheLimits {
  readonly cacheEntries: number;
  readonly cacheBytes: number;
}

const keysPerRead = 1000;
/**
 * Measured on Node 24: 260 bytes for the entry, its key and its places, and 1.57 times the text of a robot's state (0.8
 * to 2.9 KB of it). A flat state of numbers takes less.
 */
const entryBytes = 260;
const heapBytesPerTextByte = 1.6;
const unknownTextBytes = 400;
/** Without any room for states each record would cost a read; beyond this the timers' memory is beyond the plan. */
const leastStatesShare = 1 / 4;

/**
 * The decoded states of one partition in front of its store, written back in batches. `shrink` is only called between
 * folds, and never drops a state that the store doesn't have yet.
 */
export class StateCache<State> {
  readonly #fold: StoredFold<State>;
  readonly #store: Pick<StateStore, 'getMany'>;
  readonly #limits: CacheLimits;
  readonly #timers: Pick<TimerIndex, 'sizeBytes' | 'isDisarmed'>;
  readonly #entries = new KeyTable<CachedState<State>>();
  /** The same entries as a ring: the hand goes round it and drops what was not used since it last came by. */
  readonly #ring: CachedState<State>[] = [];
  #hand = 0;
  #dirty: CachedState<State>[] = [];
  #sizeBytes = 0;
  #dirtyBytes = 0;

  constructor(
    fold: StoredFold<State>,
    store: Pick<StateStore, 'getMany'>,
    limits: CacheLimits,
    timers: Pick<TimerIndex, 'sizeBytes' | 'isDisarmed'>,
  ) {
    this.#timers = timers;
    this.#fold = fold;
    this.#store = store;
    this.#limits = limits;
  }

  get dirtyCount(): number {
    return this.#dirty.length;
  }

  /** What can't be dropped, in estimated bytes of heap. */
  get dirtyBytes(): number {
    return this.#dirtyBytes;
  }

  /** What states may take: `cacheBytes` less what the timers take, which can't be dropped. */
  get roomBytes(): number {
    const { cacheBytes } = this.#limits;
    return Math.max(cacheBytes - this.#timers.sizeBytes, cacheBytes * leastStatesShare);
  }

  get size(): number {
    return this.#ring.length;
  }

  get(key: string): CachedState<State> | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.used = true;
    return entry;
  }

  /** Reads what is not here yet, many keys at once. @returns how many were read */
  async load(keys: Iterable<string>): Promise<number> {
    const missing = [...new Set(keys)].filter((key) => this.#entries.get(key) === undefined);
    await this.#read(missing);
    return missing.length;
  }

  /**
   * The entries of many keys, given as their UTF-8 bytes, in their order, read where they are missing; one lookup for
   * each key that is here. `undefined` for what has no key.
   */
  async loadAll(
    keys: readonly (Buffer | null)[],
  ): Promise<{ readonly entries: readonly (CachedState<State> | undefined)[]; readonly misses: number }> {
    const entries: (CachedState<State> | undefined)[] = [];
    const missing = new Set<string>();
    for (const key of keys) {
      const entry = key === null ? undefined : this.#entries.getByBytes(key);
      entries.push(entry);
      if (entry !== undefined) entry.used = true;
      else if (key !== null) missing.add(key.toString('utf8'));
    }
    if (missing.size === 0) return { entries, misses: 0 };
    await this.#read([...missing]);
    for (let index = 0; index < entries.length; index += 1) {
      const key = keys[index] ?? null;
      if (key !== null) entries[index] ??= this.#entries.getByBytes(key);
    }
    return { entries, misses: missing.size };
  }

  /** `undefined` ends the key's state. */
  change(entry: CachedState<State>, state: State | undefined): void {
    entry.state = state;
    if (entry.dirty) return;
    entry.dirty = true;
    this.#dirtyBytes += entry.sizeBytes;
    this.#dirty.push(entry);
  }

  /** What the next batch has to hold. */
  dirty(): readonly CachedState<State>[] {
    return this.#dirty;
  }

  /** The store has them all now; `sizes` are the lengths that it was given, in the order of `dirty`. */
  clean(sizes: readonly number[]): void {
    let index = 0;
    for (const entry of this.#dirty) {
      entry.dirty = false;
      // A state that ended was a delete, which has no size.
      if (entry.state === undefined) continue;
      const textBytes = sizes[index++];
      const sizeBytes = textBytes === undefined ? entry.sizeBytes : toHeapBytes(textBytes);
      this.#sizeBytes += sizeBytes - entry.sizeBytes;
      entry.sizeBytes = sizeBytes;
    }
    this.#dirty = [];
    this.#dirtyBytes = 0;
  }

  /** Drops the states that were not used lately until the limits hold, each getting a second chance. */
  shrink(): void {
    const ring = this.#ring;
    let looks = ring.length * 2;
    while (this.#isOver() && this.#dirty.length < ring.length && looks-- > 0) {
      if (this.#hand >= ring.length) this.#hand = 0;
      const entry = ring[this.#hand];
      if (entry === undefined) return;
      if (entry.dirty || entry.used) {
        entry.used = false;
        this.#hand += 1;
      } else this.#drop(entry, this.#hand);
    }
  }

  #isOver(): boolean {
    return this.#ring.length > this.#limits.cacheEntries || this.#sizeBytes > this.roomBytes;
  }

  #drop(entry: CachedState<State>, at: number): void {
    this.#entries.delete(entry.key);
    this.#sizeBytes -= entry.sizeBytes;
    const last = this.#ring.pop();
    if (last !== undefined && last !== entry) this.#ring[at] = last;
  }

  async #read(missing: readonly string[]): Promise<void> {
    for (let start = 0; start < missing.length; start += keysPerRead) {
      const wanted = missing.slice(start, start + keysPerRead);
      const values = await this.#store.getMany(wanted);
      for (const [index, key] of wanted.entries()) this.#add(key, values[index]);
    }
  }

  #add(key: string, value: Buffer | undefined): void {
    const state = value === undefined ? undefined : this.#fold.decodeState(toStateText(this.#fold, value));
    const sizeBytes = toHeapBytes(value?.length ?? unknownTextBytes);
    // A state comes with its alarm, also where that is in memory alone; only a disarmed key need not have one.
    const notedMs = state === undefined || this.#timers.isDisarmed(key) ? undefined : this.#fold.dueAt(state);
    const entry = { key, state, sizeBytes, dirty: false, used: true, indexRow: undefined, notedMs };
    this.#entries.add(entry);
    this.#ring.push(entry);
    this.#sizeBytes += sizeBytes;
  }
}

function toHeapBytes(textBytes: number): number {
  return entryBytes + Math.ceil(heapBytesPerTextByte * textBytes);
}
