import { type Fold } from '@fleetstream/kernel';
import { type StateStore } from '@fleetstream/state-store';
import { toStateText } from './state-value.ts';

/** A key's state in memory. */
export interface CachedState<State> {
  readonly key: string;
  /** `undefined` when the key has no state. */
  state: State | undefined;
  /** Changed since the store's last batch. */
  dirty: boolean;
  /** Touched since the last look for what may go. */
  used: boolean;
  sizeBytes: number;
  /** What the store holds as its index row; `undefined` when that isn't known. */
  indexRow: string | undefined;
}

export interface CacheLimits {
  readonly cacheEntries: number;
  readonly cacheBytes: number;
}

const keysPerRead = 1000;
/** What an entry costs beside its state's text, roughly. */
const entryOverheadBytes = 200;
const unknownStateBytes = 400;

/**
 * The decoded states of one partition in front of its store, written back in batches. `shrink` is only called between
 * folds, and never drops a state that the store doesn't have yet.
 */
export class StateCache<State> {
  readonly #fold: Pick<Fold<State, never>, 'decodeState' | 'stateVersion' | 'upgrades'>;
  readonly #store: Pick<StateStore, 'getMany'>;
  readonly #limits: CacheLimits;
  readonly #entries = new Map<string, CachedState<State>>();
  readonly #dirty = new Set<CachedState<State>>();
  #sizeBytes = 0;

  constructor(
    fold: Pick<Fold<State, never>, 'decodeState' | 'stateVersion' | 'upgrades'>,
    store: Pick<StateStore, 'getMany'>,
    limits: CacheLimits,
  ) {
    this.#fold = fold;
    this.#store = store;
    this.#limits = limits;
  }

  get dirtyCount(): number {
    return this.#dirty.size;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): CachedState<State> | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.used = true;
    return entry;
  }

  /** Reads what is not here yet, many keys at once. @returns how many were read */
  async load(keys: Iterable<string>): Promise<number> {
    const missing = [...new Set(keys)].filter((key) => !this.#entries.has(key));
    for (let start = 0; start < missing.length; start += keysPerRead) {
      const wanted = missing.slice(start, start + keysPerRead);
      const values = await this.#store.getMany(wanted);
      wanted.forEach((key, index) => {
        const value = values[index];
        const text = value === undefined ? undefined : toStateText(this.#fold, value);
        this.#add(key, text === undefined ? undefined : this.#fold.decodeState(text), value?.length ?? 0);
      });
    }
    return missing.length;
  }

  /** `undefined` ends the key's state. */
  change(entry: CachedState<State>, state: State | undefined): void {
    entry.state = state;
    if (entry.dirty) return;
    entry.dirty = true;
    this.#dirty.add(entry);
  }

  /** What the next batch has to hold. */
  dirty(): Iterable<CachedState<State>> {
    return this.#dirty;
  }

  /** The store has them all now; `sizes` are the lengths it was given, in the order of `dirty`. */
  clean(sizes: readonly number[]): void {
    let index = 0;
    for (const entry of this.#dirty) {
      entry.dirty = false;
      // A state that ended was a delete, which has no size.
      if (entry.state === undefined) continue;
      this.#sizeBytes += (sizes[index] ?? entry.sizeBytes) - entry.sizeBytes;
      entry.sizeBytes = sizes[index] ?? entry.sizeBytes;
      index += 1;
    }
    this.#dirty.clear();
  }

  /** Drops the states that were not used lately until the limits hold, each getting a second chance. */
  shrink(): void {
    const { cacheEntries, cacheBytes } = this.#limits;
    const tooMuch = () =>
      this.#entries.size > cacheEntries || this.#sizeBytes + this.#entries.size * entryOverheadBytes > cacheBytes;
    let looks = this.#entries.size * 2;
    for (const entry of this.#entries.values()) {
      if (!tooMuch() || looks-- <= 0) return;
      this.#entries.delete(entry.key);
      if (entry.dirty || entry.used) {
        entry.used = false;
        // Back to the end of the line, where this same loop meets it again.
        this.#entries.set(entry.key, entry);
      } else {
        this.#sizeBytes -= entry.sizeBytes;
      }
    }
  }

  #add(key: string, state: State | undefined, valueBytes: number): void {
    const sizeBytes = valueBytes === 0 ? unknownStateBytes : valueBytes;
    this.#entries.set(key, { key, state, dirty: false, used: true, sizeBytes, indexRow: undefined });
    this.#sizeBytes += sizeBytes;
  }
}
