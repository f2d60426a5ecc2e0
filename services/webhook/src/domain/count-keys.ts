/**
 * How many members the objects of a parsed JSON value have in all. Fewer than its text names: one was said twice, and
 * readers differ in which of the two they believe. Recursive: the depth has been looked at before.
 */
export function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let keys = 0;
  if (Array.isArray(value)) {
    for (const item of value as unknown[]) if (typeof item === 'object') keys += countKeys(item);
    return keys;
  }
  const members = value as Readonly<Record<string, unknown>>;
  for (const name in members) {
    keys += 1;
    const member = members[name];
    if (typeof member === 'object') keys += countKeys(member);
  }
  return keys;
}
