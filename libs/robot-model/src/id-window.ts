import { hashId, idHashChars } from './hash-id.ts';

/**
 * The ids of recent events that carry no sequence, in two generations, so that the newer becomes the older when it is
 * full. Each id is a hash of ten characters, and a generation is one text of them: a full window of 256 takes 2.6 KB
 * and is searched by the engine's own text search, in less than a microsecond.
 *
 * Two ids of one robot that meet in a hash (60 bits: one in 4 * 10^15 looks at a full window) would make the second a
 * duplicate.
 */
export interface IdWindow {
  readonly older: string;
  readonly newer: string;
}

export const emptyIdWindow: IdWindow = { older: '', newer: '' };

export function hasId(window: IdWindow, id: string): boolean {
  const hash = hashId(id);
  return hasHash(window.newer, hash) || hasHash(window.older, hash);
}

/** Remembers `id`, and at least the `max / 2` ids before it. An id that fell out counts as new when it comes again. */
export function addId(window: IdWindow, id: string, max: number): IdWindow {
  const half = Math.max(1, Math.floor(max / 2));
  const hash = hashId(id);
  if (window.newer.length < half * idHashChars) return { older: window.older, newer: window.newer + hash };
  return { older: window.newer, newer: hash };
}

/** How many ids the window holds. */
export function countIds({ older, newer }: IdWindow): number {
  return (older.length + newer.length) / idHashChars;
}

/** A window as states of version 2 and before hold it: the ids themselves. */
export interface IdListWindow {
  readonly older: readonly string[];
  readonly newer: readonly string[];
}

/** The same ids in the same generations. */
export function toIdWindow({ older, newer }: IdListWindow): IdWindow {
  return { older: older.map(hashId).join(''), newer: newer.map(hashId).join('') };
}

/** A hash begins at a multiple of its length; what is found elsewhere is the end of one and the beginning of another. */
function hasHash(hashes: string, hash: string): boolean {
  let at = hashes.indexOf(hash);
  while (at >= 0 && at % idHashChars !== 0) at = hashes.indexOf(hash, at + 1);
  return at >= 0;
}
