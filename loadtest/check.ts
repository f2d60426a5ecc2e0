/** One thing that must hold of a run. Its limit is fixed before the run; `value` is null when nothing was measured. */
export interface Check {
  readonly name: string;
  readonly value: number | null;
  readonly rule: 'at most' | 'at least' | 'exactly' | 'within';
  readonly limit: number;
  /** How far `value` may be off `limit`, for the rule `within`. */
  readonly tolerance?: number;
  readonly pass: boolean;
}

type Measured = number | undefined;

export function atMost(name: string, value: Measured, limit: number): Check {
  return { name, value: value ?? null, rule: 'at most', limit, pass: value !== undefined && value <= limit };
}

export function atLeast(name: string, value: Measured, limit: number): Check {
  return { name, value: value ?? null, rule: 'at least', limit, pass: value !== undefined && value >= limit };
}

export function exactly(name: string, value: Measured, limit: number): Check {
  return { name, value: value ?? null, rule: 'exactly', limit, pass: value === limit };
}

/** Off by `tolerance` at most, in the unit of `value`. */
export function within(name: string, value: Measured, limit: number, tolerance: number): Check {
  const pass = value !== undefined && Math.abs(value - limit) <= tolerance;
  return { name, value: value ?? null, rule: 'within', limit, tolerance, pass };
}

/** A line for a person. */
export function renderCheck({ name, value, rule, limit, tolerance, pass }: Check): string {
  const allowed = tolerance === undefined ? `${rule} ${limit}` : `${limit} ± ${tolerance}`;
  return `${pass ? 'ok    ' : 'FAILED'} ${name}: ${value ?? 'not measured'} (${allowed})`;
}
