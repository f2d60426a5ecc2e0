export interface TurnJoinerOptions {
  /** Keys per call at most. */
  readonly maxKeys: number;
  readonly mark: (keys: readonly string[]) => Promise<unknown>;
  readonly find: (keys: readonly string[]) => Promise<ReadonlySet<string>>;
}

/**
 * Joins what is asked within one turn of the event loop into few calls: under load that is one command for dozens of
 * requests, and nobody waits for a timer. Marks of a turn go out before its lookups, and so are seen by them.
 */
export interface TurnJoiner {
  mark(keys: readonly string[]): void;
  /** The answer for all that was asked in this turn; take from it what you asked for. */
  find(keys: readonly string[]): Promise<ReadonlySet<string>>;
  /** Resolves when nothing is left to be sent or answered. */
  settled(): Promise<void>;
}

export function createTurnJoiner(options: TurnJoinerOptions): TurnJoiner {
  return new Joiner(options);
}

class Joiner implements TurnJoiner {
  readonly #options: TurnJoinerOptions;
  #marks: string[] = [];
  #asked: string[] = [];
  #answer: PromiseWithResolvers<ReadonlySet<string>> | undefined;
  #scheduled = false;
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: TurnJoinerOptions) {
    this.#options = options;
  }

  mark(keys: readonly string[]): void {
    this.#marks.push(...keys);
    this.#schedule();
  }

  find(keys: readonly string[]): Promise<ReadonlySet<string>> {
    this.#asked.push(...keys);
    this.#answer ??= Promise.withResolvers();
    this.#schedule();
    return this.#answer.promise;
  }

  async settled(): Promise<void> {
    this.#flush();
    await Promise.allSettled(this.#running);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#flush();
    });
  }

  #flush(): void {
    this.#scheduled = false;
    const marks = this.#marks;
    const asked = this.#asked;
    const answer = this.#answer;
    this.#marks = [];
    this.#asked = [];
    this.#answer = undefined;
    for (const keys of this.#cut(marks)) this.#watch(this.#options.mark(keys));
    if (answer === undefined) return;
    const found = Promise.all(this.#cut(asked).map((keys) => this.#options.find(keys)));
    this.#watch(
      found.then((sets) => {
        answer.resolve(sets.length === 1 && sets[0] !== undefined ? sets[0] : new Set(sets.flatMap((set) => [...set])));
      }, answer.reject),
    );
  }

  #cut(keys: readonly string[]): string[][] {
    const cuts: string[][] = [];
    for (let from = 0; from < keys.length; from += this.#options.maxKeys) {
      cuts.push(keys.slice(from, from + this.#options.maxKeys));
    }
    return cuts;
  }

  #watch(work: Promise<unknown>): void {
    const watched: Promise<unknown> = work
      .catch(() => undefined)
      .finally(() => {
        this.#running.delete(watched);
      });
    this.#running.add(watched);
  }
}
