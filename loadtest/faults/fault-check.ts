/** One thing that must hold over all rounds; its limit is fixed before the run. */
export interface FaultCheck {
  readonly name: string;
  readonly value: number;
  readonly rule: 'at least' | 'exactly';
  readonly limit: number;
  readonly pass: boolean;
}

export function exactly(name: string, value: number, limit: number): FaultCheck {
  return { name, value, rule: 'exactly', limit, pass: value === limit };
}

export function atLeast(name: string, value: number, limit: number): FaultCheck {
  return { name, value, rule: 'at least', limit, pass: value >= limit };
}
