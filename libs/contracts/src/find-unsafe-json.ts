/** Deepest nesting of an event's data. Deeper values overflow the stack of recursive parsers and printers. */
const jsonDepthMax = 64;

/**
 * What makes a JSON value unsafe for those who read it later: a `__proto__` key, which changes the prototype of a
 * careless copy, or nesting beyond `jsonDepthMax`. `undefined` when there is nothing.
 */
export function findUnsafeJson(value: unknown, depth = 0): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth >= jsonDepthMax) return `nested deeper than ${jsonDepthMax} levels`;
  if (!Array.isArray(value) && Object.hasOwn(value, '__proto__')) return 'has a key "__proto__"';
  for (const child of Array.isArray(value) ? (value as unknown[]) : Object.values(value)) {
    const problem = findUnsafeJson(child, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
