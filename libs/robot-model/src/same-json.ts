/** Whether two JSON values say the same; a field that is undefined is one that isn't there. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => isSameJson(item, b[index]));
  }
  return hasSameFields(a as Fields, b as Fields);
}

type Fields = Readonly<Record<string, unknown>>;

/** Every field of `a` is in `b` and says the same, and there are as many in `b`. */
function hasSameFields(a: Fields, b: Fields): boolean {
  let more = 0;
  for (const name of Object.keys(a)) {
    if (a[name] === undefined) continue;
    if (!isSameJson(a[name], b[name])) return false;
    more += 1;
  }
  for (const name of Object.keys(b)) if (b[name] !== undefined) more -= 1;
  return more === 0;
}

/** `next`, or `previous` itself when they say the same: so that a change is a change of reference. */
export function keepIfSame<Value>(previous: Value, next: Value): Value {
  return isSameJson(previous, next) ? previous : next;
}
