import { setTimeout as sleep } from 'node:timers/promises';

const everyMs = 25;
/** What could not be done for longer than this is not made up for: a stall is no reason for a burst. */
const owedMsMax = 2 * everyMs;

/** Does something so many times a second, in turns, between a `resume` and a `pause`. */
export class PacedLoop {
  readonly #perSecond: number;
  readonly #turn: (count: number) => Promise<void> | void;
  #running: Promise<void> | undefined;
  #wanted = false;
  #owed = 0;

  /** The next `turn` begins when the one before has ended. */
  constructor(perSecond: number, turn: (count: number) => Promise<void> | void) {
    this.#perSecond = perSecond;
    this.#turn = turn;
  }

  resume(): void {
    this.#wanted = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when the last turn has ended. */
  async pause(): Promise<void> {
    this.#wanted = false;
    await this.#running;
  }

  async #run(): Promise<void> {
    let beforeMs = performance.now();
    while (this.#wanted) {
      await sleep(everyMs);
      const nowMs = performance.now();
      this.#owed += (Math.min(nowMs - beforeMs, owedMsMax) * this.#perSecond) / 1000;
      beforeMs = nowMs;
      const count = Math.floor(this.#owed);
      this.#owed -= count;
      if (count > 0) await this.#turn(count);
    }
  }
}
