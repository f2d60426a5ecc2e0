/** A sorted sample's excesses over a threshold, fitted with the generalised Pareto distribution. */
export interface TailFit {
  /** How many excesses the fit rests on. */
  readonly peaks: number;
  /** The probability that an excess is larger than `excess`; 1 at 0, falling, never negative. */
  exceedance(excess: number): number;
  /** The excess that is exceeded with `probability`, at least 0. */
  quantile(probability: number): number;
}

/** One point of the quasi-posterior: theta = k / sigma, with the shape k = -xi that fits it best. */
interface Candidate {
  readonly theta: number;
  readonly k: number;
  readonly weight: number;
}

/** Tails of sensors are rarely heavier than Student's t with three degrees of freedom (xi = 1/3) or lighter than
 * uniform (xi = -1); the prior pulls towards the exponential, weakly, where a few peaks say little. */
const shapePrior = { mean: 0, deviation: 0.25 } as const;
const doublingsMax = 400;
const halvingsMax = 100;
const precision = 1e-6;

/**
 * Fits excesses by the quasi-Bayesian method of Zhang and Stephens (2009), and keeps its posterior instead of the mean
 * alone: quantiles are those of the predictive distribution. That matters here. A threshold that is exceeded once in a
 * million is extrapolated from a few dozen peaks, and a plug-in estimate is then exceeded far more often than it says.
 *
 * @param excesses above the threshold, all > 0, ascending, at least 4
 */
export function fitTail(excesses: readonly number[]): TailFit {
  const candidates = weigh(excesses);
  const exceedance = (excess: number) =>
    excess <= 0 ? 1 : candidates.reduce((sum, candidate) => sum + candidate.weight * survival(candidate, excess), 0);
  return {
    peaks: excesses.length,
    exceedance,
    quantile: (probability) => invert(exceedance, probability, excesses.at(-1) ?? 0),
  };
}

function weigh(excesses: readonly number[]): readonly Candidate[] {
  const count = excesses.length;
  const largest = excesses[count - 1] ?? 0;
  const quartile = excesses[Math.max(0, Math.floor(count / 4 + 0.5) - 1)] ?? 0;
  const points = 20 + Math.floor(Math.sqrt(count));
  const found: { theta: number; k: number; logWeight: number }[] = [];
  for (let j = 1; j <= points; j++) {
    const theta = 1 / largest + (1 - Math.sqrt(points / (j - 0.5))) / (3 * quartile);
    // At exactly 0 the distribution is exponential; a nudge keeps the formula, and the answer to 9 digits.
    const safe = Math.abs(theta) * largest < 1e-9 ? -1e-9 / largest : theta;
    let sum = 0;
    for (const excess of excesses) sum += Math.log1p(-safe * excess);
    const k = -sum / count;
    const likelihood = count * (Math.log(safe / k) + k - 1);
    const away = (-k - shapePrior.mean) / shapePrior.deviation;
    if (Number.isFinite(likelihood)) found.push({ theta: safe, k, logWeight: likelihood - (away * away) / 2 });
  }
  const best = found.reduce((most, { logWeight }) => Math.max(most, logWeight), -Infinity);
  const total = found.reduce((sum, { logWeight }) => sum + Math.exp(logWeight - best), 0);
  return found.map(({ theta, k, logWeight }) => ({ theta, k, weight: Math.exp(logWeight - best) / total }));
}

function survival({ theta, k }: Candidate, excess: number): number {
  const inner = -theta * excess;
  return inner <= -1 ? 0 : Math.exp(Math.log1p(inner) / k);
}

/** Errs upwards: the answer is exceeded with at most `probability`. */
function invert(exceedance: (excess: number) => number, probability: number, scale: number): number {
  if (probability >= 1) return 0;
  let low = 0;
  let high = scale;
  for (let step = 0; step < doublingsMax && exceedance(high) > probability; step++) {
    low = high;
    high *= 2;
  }
  for (let step = 0; step < halvingsMax && high - low > precision * high; step++) {
    const middle = (low + high) / 2;
    if (exceedance(middle) > probability) low = middle;
    else high = middle;
  }
  return high;
}
