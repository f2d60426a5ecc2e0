import { type Headers } from './content-mode.ts';

/** Urgent events are small: a pod at its end doesn't read bodies beyond it, unless their sender calls them urgent. */
const smallBytesMax = 4096;
/** RFC 9218: urgency 0 to 2. */
const urgentPriority = /(?:^|[,\s])u=[0-2](?:[,\s]|$)/;

/** Whether a request is read even by a pod at its end. That is all it buys: what is taken, its events' content decides. */
export function isUrgent(headers: Headers): boolean {
  const { priority } = headers;
  if (typeof priority === 'string' && urgentPriority.test(priority)) return true;
  return Number(headers['content-length'] ?? Number.NaN) <= smallBytesMax;
}
