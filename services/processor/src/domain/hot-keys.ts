/** A key and which share of the records of its partition it is, 0 to 1. */
export interface HotKey {
  readonly robotId: string;
  readonly share: number;
}

interface Counter {
  count: number;
  /** What the key may have inherited when it took its place: the true count is at least `count - error`. */
  error: number;
}

interface Generation {
  readonly counters: Map<string, Counter>;
  total: number;
  readonly sinceMs: number;
}

const countersMax = 64;
/** Keys looked at in one batch; of a longer one each stands for several. */
const samplesMax = 32;

/**
 * Which keys flood a partition: the Space-Saving sketch (Metwally, Agrawal, El Abbadi 2005) over two generations, so that
 * it tells of the last one to two windows, in bounded memory. Shares are what is certain, so no key is blamed by chance
 * of the sketch; with sampling they are right to a few per cent.
 */
export class HotKeys {
  readonly #windowMs: number;
  #older: Generation;
  #newer: Generation;
  #turn = 0;

  constructor(windowMs: number, nowMs: number) {
    this.#windowMs = windowMs;
    this.#older = createGeneration(nowMs);
    this.#newer = createGeneration(nowMs);
  }

  /** @param keyAt gives the key of the record at an index; `undefined` for one that is no robot's */
  note(length: number, keyAt: (index: number) => string | undefined, nowMs: number): void {
    this.#turnOver(nowMs);
    const stride = Math.max(1, Math.ceil(length / samplesMax));
    // Another beginning each time: a fixed one would see the same robots of those that report in a fixed order.
    for (let index = this.#turn++ % stride; index < length; index += stride) {
      const weight = Math.min(stride, length);
      this.#newer.total += weight;
      const key = keyAt(index);
      if (key !== undefined) count(this.#newer.counters, key, weight);
    }
  }

  /** Records that the shares are of. */
  get total(): number {
    return this.#older.total + this.#newer.total;
  }

  /** The keys with the largest shares, largest first. */
  hottest(limit: number, nowMs: number): HotKey[] {
    this.#turnOver(nowMs);
    const certain = new Map<string, number>();
    for (const { counters } of [this.#older, this.#newer]) {
      for (const [key, { count: counted, error }] of counters) {
        certain.set(key, (certain.get(key) ?? 0) + counted - error);
      }
    }
    return [...certain]
      .filter(([, counted]) => counted > 0)
      .sort(([, a], [, b]) => b - a)
      .slice(0, limit)
      .map(([robotId, counted]) => ({ robotId, share: Math.round((counted / this.total) * 1000) / 1000 }));
  }

  #turnOver(nowMs: number): void {
    const ageMs = nowMs - this.#newer.sinceMs;
    if (ageMs < this.#windowMs) return;
    this.#older = ageMs < 2 * this.#windowMs ? this.#newer : createGeneration(nowMs);
    this.#newer = createGeneration(nowMs);
  }
}

function createGeneration(sinceMs: number): Generation {
  return { counters: new Map(), total: 0, sinceMs };
}

function count(counters: Map<string, Counter>, key: string, weight: number): void {
  const known = counters.get(key);
  if (known !== undefined) {
    known.count += weight;
    return;
  }
  if (counters.size < countersMax) {
    counters.set(key, { count: weight, error: 0 });
    return;
  }
  let leastKey = '';
  let least = Infinity;
  for (const [candidate, { count: counted }] of counters) {
    if (counted >= least) continue;
    least = counted;
    leastKey = candidate;
  }
  counters.delete(leastKey);
  counters.set(key, { count: least + weight, error: least });
}
