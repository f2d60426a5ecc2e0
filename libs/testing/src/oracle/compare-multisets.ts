export interface MultisetDifference {
  /** Expected and not there, or there less often. */
  readonly missing: number;
  /** There and not expected, or there more often. */
  readonly surplus: number;
  /** A few of each, for a person. */
  readonly examples: readonly string[];
}

const maxExamples = 5;

/** Compares two bags of texts; order doesn't count, multiplicity does. */
export function compareMultisets(expected: Iterable<string>, actual: Iterable<string>): MultisetDifference {
  const balance = new Map<string, number>();
  for (const text of expected) balance.set(text, (balance.get(text) ?? 0) + 1);
  for (const text of actual) balance.set(text, (balance.get(text) ?? 0) - 1);
  let missing = 0;
  let surplus = 0;
  const examples: string[] = [];
  for (const [text, count] of balance) {
    if (count === 0) continue;
    if (count > 0) missing += count;
    else surplus -= count;
    if (examples.length < maxExamples)
      examples.push(`${count > 0 ? 'missing' : 'surplus'} ×${Math.abs(count)}: ${text.slice(0, 400)}`);
  }
  return { missing, surplus, examples };
}
