import { AppError } from '@fleetstream/kernel';

interface Waiter {
  readonly offset: number;
  readonly resolve: () => void;
  readonly reject: (error: AppError) => void;
}

const waitersMax = 1000;

/** Those who wait until what a partition shows has reached an offset. */
export class OffsetWaits {
  readonly #waiters = new Set<Waiter>();
  #reached: number;

  /** @param reached what may be shown now: folded and committed */
  constructor(reached: number) {
    this.#reached = reached;
  }

  /**
   * Resolves when the offset is reached.
   *
   * @throws AppError FS_OFFSET_NOT_REACHED after `withinMs`, FS_OVERLOADED when too many wait, or whatever ended the
   * partition's life
   */
  async wait(offset: number, withinMs: number): Promise<void> {
    if (this.#reached >= offset) return;
    if (this.#waiters.size >= waitersMax) throw new AppError('FS_OVERLOADED', `${waitersMax} questions wait already`);
    let waiter: Waiter | undefined;
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        waiter = { offset, resolve, reject };
        this.#waiters.add(waiter);
        timer = setTimeout(() => {
          const late = `Offset ${offset} was not reached within ${withinMs} ms; ${this.#reached} is`;
          reject(new AppError('FS_OFFSET_NOT_REACHED', late));
        }, withinMs);
      });
    } finally {
      clearTimeout(timer);
      if (waiter !== undefined) this.#waiters.delete(waiter);
    }
  }

  /** Called often: it costs a comparison when nobody waits. */
  advance(reached: number): void {
    this.#reached = reached;
    if (this.#waiters.size === 0) return;
    for (const waiter of this.#waiters) if (waiter.offset <= reached) waiter.resolve();
  }

  fail(error: AppError): void {
    for (const { reject } of this.#waiters) reject(error);
  }
}
