/** Whether two JSON values say the same; a field that is undefined is one that isn't there. */
function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => isSameJson(item, b[index]));
  }
  return hasSameFields(a, b) && hasSameFields(b, a);
}

function hasSameFields(a: object, b: object): boolean {
  const other = b as Readonly<Record<string, unknown>>;
  return Object.entries(a).every(([name, value]) => isSameJson(value, other[name]));
}

/** `next`, or `previous` itself when they say the same: so that a change is a change of reference. */
export function keepIfSame<Value>(previous: Value, next: Value): Value {
  return isSameJson(previous, next) ? previous : next;
}
