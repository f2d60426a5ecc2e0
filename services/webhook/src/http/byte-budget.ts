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
  let used = 0;
  return {
    usedBytes: () => used,
    usedShare: () => used / maxBytes,
    open: (urgent) => {
      const mostBytes = urgent ? maxBytes : maxBytes * (1 - urgentShare);
      let held = 0;
      return {
        take: (bytes) => {
          const wanted = held === 0 ? bytes + requestBytes : bytes;
          if (used + wanted > mostBytes) return false;
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
