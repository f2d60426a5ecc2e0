/** Runs are remembered in two blocks of so many: the one that fills, and the one before. */
const runsPerBlock = 256;
const runsMin = 100;
/** A run counts as stuck when it is longer than the longest known one by this factor. */
const longerThanKnown = 4;

/**
 * How long a series holds exactly the same value. A sensor that hangs repeats its last value for much longer than it
 * ever did; "ever" being the runs of the last two blocks. For exchangeable runs the longest of n is exceeded with
 * probability 1/(n+1) at most; the factor on top makes it small for all but the heaviest tails.
 */
export class RunLengths {
  #value: number | undefined;
  #length = 0;
  #sinceMs = 0;
  #longest = 0;
  #longestBefore = 0;
  #runs = 0;
  #runsInBlock = 0;

  get length(): number {
    return this.#length;
  }

  /** Whether the value has stood for longer than any known one; true also before the first change. */
  get unusual(): boolean {
    return this.#length > Math.max(this.#longest, this.#longestBefore) && this.#length > 1;
  }

  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** The length from which a run counts as stuck; infinite until enough runs are known. */
  limit(factor: number): number {
    if (this.#runs < runsMin) return Infinity;
    return Math.ceil(longerThanKnown * factor * Math.max(this.#longest, this.#longestBefore));
  }

  /** @returns whether a new run began */
  add(value: number, nowMs: number): boolean {
    if (value === this.#value) {
      this.#length++;
      return false;
    }
    if (this.#value !== undefined) this.#complete();
    this.#value = value;
    this.#length = 1;
    this.#sinceMs = nowMs;
    return true;
  }

  #complete(): void {
    this.#runs++;
    this.#longest = Math.max(this.#longest, this.#length);
    this.#runsInBlock++;
    if (this.#runsInBlock < runsPerBlock) return;
    this.#runsInBlock = 0;
    this.#longestBefore = this.#longest;
    this.#longest = 0;
  }
}
