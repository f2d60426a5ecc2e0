/** Of the checkpoint interval, in which all partitions have had their turn though each begins late. */
const startsShare = 0.5;

/**
 * Keeps the checkpoints of a process apart: those of partitions that were opened together would come due together, and
 * what they flush, read and upload at the same moment is what batches wait for. One that is turned away asks again.
 */
export class CheckpointPace {
  readonly #intervalMs: number;
  readonly #countOpen: () => number;
  #nextMs = Number.NEGATIVE_INFINITY;

  /** `countOpen`: the partitions that make checkpoints now. */
  constructor(intervalMs: number, countOpen: () => number) {
    this.#intervalMs = intervalMs;
    this.#countOpen = countOpen;
  }

  /**
   * Whether a checkpoint may begin now; then the next one may no earlier than a partition's share of half the interval
   * from now. Whoever has begun isn't due for a whole one, so each partition waits half an interval at the most.
   */
  mayBegin(nowMs: number): boolean {
    if (nowMs < this.#nextMs) return false;
    this.#nextMs = nowMs + (this.#intervalMs * startsShare) / Math.max(1, this.#countOpen());
    return true;
  }
}
