/** `version-traceid-parentid-flags`, none of the ids all zeros, a version of ff never; later versions may go on behind. */
const pattern = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const lengthMax = 512;

/**
 * A `traceparent` (W3C Trace Context, sections 3.2 and 4) as it may go into a header of a record: one of a later version
 * is read as version 00, with the one flag that this has. `undefined` for what is none: it is left out, and the events
 * are taken all the same, for tracing must never cost an event.
 */
export function readTraceParent(given: unknown): string | undefined {
  if (typeof given !== 'string' || given.length > lengthMax) return undefined;
  const [, version, traceId, parentId, flags = '', more] = pattern.exec(given) ?? [];
  if (version === undefined || traceId === undefined || parentId === undefined) return undefined;
  if (version === '00') return more === undefined ? given : undefined;
  return `00-${traceId}-${parentId}-${(Number.parseInt(flags, 16) & 1) === 1 ? '01' : '00'}`;
}
