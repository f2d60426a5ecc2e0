/** What one request holds of a `ByteBudget`. */
export interface ByteHold {
  /** False when that much isn't left; nothing is taken then. */
  take(bytes: number): boolean;
  /** Gives everything back. */
  release(): void;
}

/** The bytes that requests may hold in memory, together. Counts what arrived, not what was announced. */
export interface ByteBudget {
  /** @param urgent it may take what is kept for such requests, too */
  open(urgent: boolean): ByteHold;
  usedBytes(): number;
  /** Of what may be held, 0 to 1. */
  usedShare(): number;
}

/** What others leave: a pod full of telemetry still reads a safety event. */
const urgentShare = 0.1;
/** Counted for every request beside its body, so that many small ones are bounded too. */
const requestBytes = 4096;

export function createByteBudget(maxBytes: number): ByteBudget {
  return new Budget(maxBytes);
}

class Budget implements ByteBudget {
  readonly #maxBytes: number;
  /** What `Hold`s have taken together. */
  used = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  open(urgent: boolean): ByteHold {
    return new Hold(this, urgent ? this.#maxBytes : this.#maxBytes * (1 - urgentShare));
  }

  usedBytes(): number {
    return this.used;
  }

  usedShare(): number {
    return this.used / this.#maxBytes;
  }
}

class Hold implements ByteHold {
  readonly #budget: Budget;
  readonly #mostBytes: number;
  #held = 0;

  constructor(budget: Budget, mostBytes: number) {
    this.#budget = budget;
    this.#mostBytes = mostBytes;
  }

  take(bytes: number): boolean {
    const wanted = this.#held === 0 ? bytes + requestBytes : bytes;
    if (this.#budget.used + wanted > this.#mostBytes) return false;
    this.#held += wanted;
    this.#budget.used += wanted;
    return true;
  }

  release(): void {
    this.#budget.used -= this.#held;
    this.#held = 0;
  }
}
