import { type DetectorRules } from './detector-rules.ts';
import { fitTail, type TailFit } from './tail-fit.ts';

/** How often the tail is fitted anew: after so many peaks more. */
const refitEveryPeaks = 8;
/** Steps of the tracked quantile, in mean residuals. */
const quantileStep = 0.02;
const firstQuantileStep = 0.5;
const shareSamples = 1024;
const scaleSamples = 256;
/** A peak that exceeds the second largest by this factor is alone; of t3's a sixtieth is. */
const loneFactor = 4;
/** A tail share below it would be guessed from nothing; a higher one errs towards silence. */
const tailShareMin = 0.002;

/**
 * The upper tail of a stream of residuals, one pass and in bounded memory: SPOT (Siffer et al., KDD 2017) with a tail
 * threshold that is itself tracked, and with only the newest peaks kept, so that the tail follows the robot's age.
 */
export class TailModel {
  readonly #rules: DetectorRules;
  /** A ring once it is full; a series that never moves holds none. */
  readonly #peaks: number[] = [];
  #peakCount = 0;
  #sinceFit = 0;
  #fit: TailFit | undefined;
  /** Above it a residual belongs to the tail. */
  #start = 0;
  #fitStart = 0;
  #meanResidual = 0;
  #tailShare: number;
  #samples = 0;

  constructor(rules: DetectorRules) {
    this.#rules = rules;
    this.#tailShare = rules.tailShare;
  }

  /** What residuals usually are. */
  get meanResidual(): number {
    return this.#meanResidual;
  }

  /** Where the fitted tail begins. */
  get start(): number {
    return this.#fitStart;
  }

  /** Undefined while there are too few peaks to say anything. */
  get fit(): TailFit | undefined {
    return this.#fit;
  }

  /** The probability of a residual larger than this one. */
  exceedance(residual: number): number {
    if (this.#fit === undefined) return 1;
    return this.#share() * this.#fit.exceedance(residual - this.#fitStart);
  }

  /** The residual that is exceeded with `probability`; infinite while nothing can be said. */
  quantile(probability: number): number {
    if (this.#fit === undefined) return Infinity;
    return this.#fitStart + this.#fit.quantile(Math.min(1, probability / this.#share()));
  }

  /** @returns whether the tail was fitted anew */
  add(residual: number): boolean {
    this.#samples++;
    const fresh = Math.max(1 / this.#samples, 1 / scaleSamples);
    this.#meanResidual += fresh * (residual - this.#meanResidual);
    const outside = residual > this.#start;
    // Large steps first: the tracked quantile finds its place within the first few hundred samples.
    const step = Math.max(quantileStep, Math.min(firstQuantileStep, 20 / this.#samples)) * this.#meanResidual;
    this.#start = Math.max(0, this.#start + step * ((outside ? 1 : 0) - this.#rules.tailShare));
    this.#tailShare += Math.max(1 / (100 + this.#samples), 1 / shareSamples) * ((outside ? 1 : 0) - this.#tailShare);
    if (!outside) return false;
    this.#peaks[this.#peakCount % this.#rules.peaksMax] = residual;
    this.#peakCount++;
    this.#sinceFit++;
    if (this.#peakCount < this.#rules.peaksMin || this.#sinceFit < refitEveryPeaks) return false;
    return this.#refit();
  }

  #share(): number {
    return Math.max(tailShareMin, this.#tailShare);
  }

  #refit(): boolean {
    // Where values are quantised the peaks are few distinct ones, and the tracked start comes to lie on one of them:
    // too few are then above it. Seen from further down they are all there, and the tail only looks longer.
    const fitted = this.#fitFrom(this.#start) ?? this.#fitFrom(Math.max(0, this.#start - this.#meanResidual));
    if (fitted === undefined) return false;
    this.#sinceFit = 0;
    this.#fit = fitted.fit;
    this.#fitStart = fitted.start;
    return true;
  }

  #fitFrom(start: number): { fit: TailFit; start: number } | undefined {
    const excesses = this.#peaks
      .filter((peak) => peak > start)
      .map((peak) => peak - start)
      .sort((a, b) => a - b);
    // A lone giant, from before anything was known to be odd, would stretch the tail until it is forgotten.
    const [second = 0, largest = 0] = excesses.slice(-2);
    if (largest > loneFactor * second) excesses.pop();
    return excesses.length < this.#rules.peaksMin ? undefined : { fit: fitTail(excesses), start };
  }
}
