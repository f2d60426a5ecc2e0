/** What one request holds of a `ByteBudget`. */
export interface ByteHold {
  /** False when that much isn't left; nothing is taken then. */
  take(bytes: number): boolean;
  /** Gives everything back. */
  release(): void;
}

/** The bytes that requests may hold in memory, together. Counts what arrived, not what was announced. */
export interface ByteBudget {
  open(): ByteHold;
  usedBytes(): number;
  /** Of what may be held, 0 to 1. */
  usedShare(): number;
}

/** Counted for every request beside its body, so that many small ones are bounded too. */
const requestBytes = 4096;

export function createByteBudget(maxBytes: number): ByteBudget {
  let used = 0;
  return {
    usedBytes: () => used,
    usedShare: () => used / maxBytes,
    open: () => {
      let held = 0;
      return {
        take: (bytes) => {
          const wanted = held === 0 ? bytes + requestBytes : bytes;
          if (used + wanted > maxBytes) return false;
          held += wanted;
          used += wanted;
          return true;
        },
        release: () => {
          used -= held;
          held = 0;
        },
      };
    },
  };
}
