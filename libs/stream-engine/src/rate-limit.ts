import { type EnginePorts } from './engine-ports.ts';

/** Keeps background work at a steady pace: whoever takes too much sleeps for as long as it had been too fast. */
export class RateLimit {
  readonly #ports: Pick<EnginePorts, 'clock' | 'sleep'>;
  readonly #perSecond: number;
  readonly #signal: AbortSignal;
  /** When everything taken so far would have been taken at the pace. */
  #dueMs: number;

  constructor(ports: Pick<EnginePorts, 'clock' | 'sleep'>, perSecond: number, signal: AbortSignal) {
    this.#ports = ports;
    this.#perSecond = perSecond;
    this.#signal = signal;
    this.#dueMs = ports.clock.monotonicMs();
  }

  /** Resolves when `amount` may have been taken. @throws the signal's reason when it is aborted */
  async take(amount: number): Promise<void> {
    const nowMs = this.#ports.clock.monotonicMs();
    // What was not taken while nobody asked is not saved up.
    this.#dueMs = Math.max(this.#dueMs, nowMs) + (amount / this.#perSecond) * 1000;
    const waitMs = this.#dueMs - nowMs;
    // Timers are no finer than a millisecond, and short sleeps cost more than they save.
    if (waitMs >= sleepMsMin) await this.#ports.sleep(waitMs, this.#signal);
    this.#signal.throwIfAborted();
  }
}

const sleepMsMin = 5;
