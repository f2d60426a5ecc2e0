export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

/** The least-squares slope of samples, in units per hour; 0 for fewer than two. */
export function slopePerHour(samples: readonly Sample[]): number {
  const count = samples.length;
  if (count < 2) return 0;
  const meanMs = samples.reduce((sum, { atMs }) => sum + atMs, 0) / count;
  const mean = samples.reduce((sum, { value }) => sum + value, 0) / count;
  const covariance = samples.reduce((sum, { atMs, value }) => sum + (atMs - meanMs) * (value - mean), 0);
  const variance = samples.reduce((sum, { atMs }) => sum + (atMs - meanMs) ** 2, 0);
  return variance === 0 ? 0 : (covariance / variance) * 3_600_000;
}
