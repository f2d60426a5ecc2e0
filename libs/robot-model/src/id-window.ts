/**
 * The ids of recent events that carry no sequence, in two generations, so that adding one copies half of the window at
 * most: when the newer is full it becomes the older.
 */
export interface IdWindow {
  readonly older: readonly string[];
  readonly newer: readonly string[];
}

export const emptyIdWindow: IdWindow = { older: [], newer: [] };

export function hasId(window: IdWindow, id: string): boolean {
  return window.newer.includes(id) || window.older.includes(id);
}

/** Remembers `id`, and at least the `max / 2` ids before it. An id that fell out counts as new when it comes again. */
export function addId(window: IdWindow, id: string, max: number): IdWindow {
  const half = Math.max(1, Math.floor(max / 2));
  if (window.newer.length < half) return { older: window.older, newer: [...window.newer, id] };
  return { older: window.newer, newer: [id] };
}
