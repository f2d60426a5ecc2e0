const smallestMs = 0.1;
const growth = 1.03;
const bucketsMax = 600;

/** Latencies in buckets that grow by 3 %, from 0.1 ms: fixed memory, quantiles within 3 %. */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(bucketsMax);
  #total = 0;

  add(ms: number): void {
    const bucket = ms <= smallestMs ? 0 : Math.ceil(Math.log(ms / smallestMs) / Math.log(growth));
    const index = Math.min(bucket, bucketsMax - 1);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#total += 1;
  }

  /** The upper bound of the bucket that holds the quantile, in milliseconds; 0 when nothing was added. */
  quantile(share: number): number {
    const rank = Math.ceil(this.#total * share);
    let seen = 0;
    for (const [index, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= rank && rank > 0) return Math.round(smallestMs * growth ** index * 100) / 100;
    }
    return 0;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }
}
