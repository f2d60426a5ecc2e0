import { getHeapStatistics } from 'node:v8';
import { type Clock } from '@fleetstream/kernel';
import {
  type PressureCause,
  type PressureLevel,
  toFeltMemory,
  toLevel,
  toPressure,
  toReportInterval,
} from '../domain/pressure-level.ts';

export interface PressureGaugeOptions {
  readonly clock: Clock;
  /** Shares of 0 to 1 of what may be held. */
  readonly requestShare: () => number;
  readonly logShare: () => number;
  readonly loopLagMsMax: number;
  readonly ackMsMax: number;
  /** What the processors need for what waits in the log, in milliseconds; `undefined` when nobody says. */
  readonly readDrainMs: () => Promise<number | undefined>;
}

/** How much of what it can bear a pod bears now. */
export interface PressureGauge {
  readonly name: string;
  start(): Promise<() => Promise<void>>;
  level(): PressureLevel;
  cause(): PressureCause;
  /** How often robots should report; 0: as they like. */
  reportEveryMs(): number;
  noteAck(durationMs: number): void;
  loopLagMs(): number;
  drainMs(): number;
}

const sampleMs = 50;
const drainEveryMs = 1000;
/** One pause of a collector is no overload: lateness counts as its mean over about this many samples. */
const smoothing = 8;

export function createPressureGauge(options: PressureGaugeOptions): PressureGauge {
  return new Gauge(options);
}

class Gauge implements PressureGauge {
  readonly name = 'pressure-gauge';
  readonly #options: PressureGaugeOptions;
  #lagMs = 0;
  #ackMs = 0;
  #ackSumMs = 0;
  #acks = 0;
  #memory = 0;
  /** The worst of what is sampled. */
  #sampledShare = 0;
  #drainMs = 0;
  #reportEveryMs = 0;

  constructor(options: PressureGaugeOptions) {
    this.#options = options;
  }

  start(): Promise<() => Promise<void>> {
    const { clock } = this.#options;
    let dueMs = clock.monotonicMs() + sampleMs;
    const sample = () => {
      const nowMs = clock.monotonicMs();
      this.#sample(Math.max(0, nowMs - dueMs));
      dueMs = nowMs + sampleMs;
    };
    const sampler = setInterval(sample, sampleMs);
    let asking = Promise.resolve();
    const drain = setInterval(() => {
      asking = this.#askDrain();
    }, drainEveryMs);
    return Promise.resolve(async () => {
      clearInterval(sampler);
      clearInterval(drain);
      await asking;
    });
  }

  /** Asked twice by every request: no more than the two shares that move between samples is looked up. */
  level(): PressureLevel {
    const { requestShare, logShare } = this.#options;
    return toLevel(Math.max(requestShare(), logShare(), this.#sampledShare));
  }

  cause(): PressureCause {
    return toPressure(this.#shares()).cause;
  }

  reportEveryMs(): number {
    return this.#reportEveryMs;
  }

  noteAck(durationMs: number): void {
    this.#ackSumMs += durationMs;
    this.#acks += 1;
  }

  loopLagMs(): number {
    return this.#lagMs;
  }

  drainMs(): number {
    return this.#drainMs;
  }

  #shares() {
    const { requestShare, logShare, loopLagMsMax, ackMsMax } = this.#options;
    return {
      requests: requestShare(),
      log: logShare(),
      ack: this.#ackMs / ackMsMax,
      loop: this.#lagMs / loopLagMsMax,
      memory: this.#memory,
    };
  }

  #sample(lateMs: number): void {
    this.#lagMs += (lateMs - this.#lagMs) / smoothing;
    // Without acknowledgements the last ones fade: otherwise a pod that shed everything would never learn better.
    const meanMs = this.#acks === 0 ? 0 : this.#ackSumMs / this.#acks;
    this.#ackMs += (meanMs - this.#ackMs) / smoothing;
    this.#ackSumMs = 0;
    this.#acks = 0;
    const heap = getHeapStatistics();
    this.#memory = heap.used_heap_size / heap.heap_size_limit;
    const { ack, loop, memory } = this.#shares();
    this.#sampledShare = Math.max(ack, loop, toFeltMemory(memory));
  }

  async #askDrain(): Promise<void> {
    this.#drainMs = (await this.#options.readDrainMs()) ?? 0;
    this.#reportEveryMs = toReportInterval(this.#reportEveryMs, this.#drainMs, this.level());
  }
}
