export interface TurnJoinerOptions<Mark, Question, Answer> {
  /** Weight of one call at most; an item heavier than that goes alone. */
  readonly maxWeight: number;
  readonly weigh: (item: Mark | Question) => number;
  readonly mark: (marks: readonly Mark[]) => Promise<unknown>;
  /** One answer per question, in their order. Must not reject. */
  readonly ask: (questions: readonly Question[]) => Promise<readonly Answer[]>;
}

/**
 * Joins what is asked within one turn of the event loop into few calls: under load that is one command for dozens of
 * requests, and nobody waits for a timer. Marks of a turn go out before its questions, and so are seen by them.
 */
export interface TurnJoiner<Mark, Question, Answer> {
  mark(item: Mark): void;
  ask(question: Question): Promise<Answer>;
  /** Resolves when nothing is left to be sent or answered. */
  settled(): Promise<void>;
}

interface Asked<Question, Answer> {
  readonly question: Question;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: unknown) => void;
}

export function createTurnJoiner<Mark, Question, Answer>(
  options: TurnJoinerOptions<Mark, Question, Answer>,
): TurnJoiner<Mark, Question, Answer> {
  return new Joiner(options);
}

class Joiner<Mark, Question, Answer> implements TurnJoiner<Mark, Question, Answer> {
  readonly #options: TurnJoinerOptions<Mark, Question, Answer>;
  #marks: Mark[] = [];
  #asked: Asked<Question, Answer>[] = [];
  #scheduled = false;
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: TurnJoinerOptions<Mark, Question, Answer>) {
    this.#options = options;
  }

  mark(item: Mark): void {
    this.#marks.push(item);
    this.#schedule();
  }

  ask(question: Question): Promise<Answer> {
    this.#schedule();
    return new Promise<Answer>((resolve, reject) => {
      this.#asked.push({ question, resolve, reject });
    });
  }

  async settled(): Promise<void> {
    this.#flush();
    await Promise.allSettled(this.#running);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    this.#scheduled = false;
    const marks = this.#marks;
    const asked = this.#asked;
    this.#marks = [];
    this.#asked = [];
    const { weigh } = this.#options;
    for (const cut of this.#cut(marks, weigh)) this.#watch(this.#options.mark(cut));
    for (const cut of this.#cut(asked, ({ question }) => weigh(question))) this.#watch(this.#answer(cut));
  };

  async #answer(asked: readonly Asked<Question, Answer>[]): Promise<void> {
    try {
      const answers = await this.#options.ask(asked.map(({ question }) => question));
      asked.forEach(({ resolve }, index) => {
        resolve(answers[index] as Answer);
      });
    } catch (thrown) {
      for (const { reject } of asked) reject(thrown);
    }
  }

  #cut<Item>(items: readonly Item[], weigh: (item: Item) => number): Item[][] {
    const cuts: Item[][] = [];
    let room = 0;
    for (const item of items) {
      const weight = weigh(item);
      if (cuts.length === 0 || weight > room) {
        cuts.push([]);
        room = this.#options.maxWeight;
      }
      cuts.at(-1)?.push(item);
      room -= weight;
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
