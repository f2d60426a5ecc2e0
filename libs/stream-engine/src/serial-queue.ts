/** Runs one piece of work after another, in the order they came. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  run<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = this.#last.then(work, work);
    this.#last = mine.then(ignore, ignore);
    return mine;
  }
}

/** The outcome belongs to whoever asked for the work; the next in line doesn't care. */
function ignore(): void {
  return undefined;
}
