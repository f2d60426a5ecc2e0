const blockSamples = 512;

/** The smallest step that a series has lately made: its resolution, where it is quantised; next to nothing elsewhere. */
export class Quantum {
  #current = Infinity;
  #previous = Infinity;
  #count = 0;
  #last: number | undefined;

  /** 0 when the series has not moved. */
  get size(): number {
    const size = Math.min(this.#current, this.#previous);
    return Number.isFinite(size) ? size : 0;
  }

  add(value: number): void {
    const step = this.#last === undefined ? 0 : Math.abs(value - this.#last);
    if (step > 0) this.#current = Math.min(this.#current, step);
    this.#last = value;
    this.#count++;
    if (this.#count < blockSamples) return;
    this.#count = 0;
    // A block in which the series stood still says nothing about its resolution.
    if (Number.isFinite(this.#current)) this.#previous = this.#current;
    this.#current = Infinity;
  }
}
