import { type DetectorRules } from './detector-rules.ts';

/**
 * What the next value should be: the running level plus as much of the last deviation from it as deviations have
 * lately persisted (an AR(1) whose coefficient is estimated on the way). White noise is thus held against its level, a
 * slowly moving battery against its last value, without being told which is which.
 *
 * Samples count, not time: a robot that was cut off delivers an outage's samples at one instant of log time, and
 * weights by time would ignore all of them.
 */
export class Predictor {
  readonly #weight: number;
  #level = 0;
  #variance = 0;
  #covariance = 0;
  #last = 0;
  #samples = 0;

  constructor(rules: DetectorRules) {
    this.#weight = 1 / rules.levelSamples;
  }

  get level(): number {
    return this.#level;
  }

  /** Undefined before the first value. */
  expected(): number | undefined {
    if (this.#samples === 0) return undefined;
    return this.#level + this.#persistence() * (this.#last - this.#level);
  }

  /**
   * @param value what came
   * @param trusted the part of it that may move the estimates: the value with an outlier's excess cut off
   */
  add(value: number, trusted: number): void {
    this.#samples++;
    if (this.#samples === 1) this.#level = trusted;
    const fresh = Math.max(1 / this.#samples, this.#weight);
    const deviation = trusted - this.#level;
    const before = this.#last - this.#level;
    if (this.#samples > 1) {
      this.#variance += fresh * (before * before - this.#variance);
      this.#covariance += fresh * (before * deviation - this.#covariance);
    }
    this.#level += fresh * deviation;
    this.#last = value;
  }

  /** A new level, and a value on it, are taken as given; how values persist is kept. */
  moveTo(level: number, value: number): void {
    this.#level = level;
    this.#last = value;
  }

  #persistence(): number {
    if (this.#variance <= 0) return 0;
    return Math.min(1, Math.max(0, this.#covariance / this.#variance));
  }
}
