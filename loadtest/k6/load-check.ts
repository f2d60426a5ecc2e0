/** One thing that a load run promises; the limits are fixed before the run. */
export interface LoadCheck {
  readonly name: string;
  readonly pass: boolean;
  readonly actual: number;
  readonly limit: string;
}

export function atMost(name: string, actual: number, limit: number): LoadCheck {
  return { name, pass: actual <= limit, actual, limit: `at most ${limit}` };
}

export function exactly(name: string, actual: number, wanted: number): LoadCheck {
  return { name, pass: actual === wanted, actual, limit: `exactly ${wanted}` };
}

/** Within a share of what is expected. */
export function near(name: string, actual: number, wanted: number, tolerance: number): LoadCheck {
  const pass = Math.abs(actual - wanted) <= wanted * tolerance;
  return { name, pass, actual, limit: `${wanted} ± ${tolerance * 100} %` };
}
