/** Lets so many transfers run at once, over all partitions; the others wait in the order they came. */
export interface TransferSlots {
  run<Answer>(transfer: () => Promise<Answer>): Promise<Answer>;
}

export function createTransferSlots(limit: number): TransferSlots {
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    run: async (transfer) => {
      if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
      else running += 1;
      try {
        return await transfer();
      } finally {
        const next = waiting.shift();
        // The place is handed on, so nobody who comes in between takes it.
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}
