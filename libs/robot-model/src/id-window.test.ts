import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addId, emptyIdWindow, hasId } from './id-window.ts';

it('remembers at least half of its size, at most all, and never one that was not added', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 12 }), fc.nat({ max: 40 }), (max, length) => {
      let window = emptyIdWindow;
      for (let at = 0; at < length; at += 1) window = addId(window, `id-${at}`, max);
      const known = Array.from({ length }, (_, at) => hasId(window, `id-${at}`));
      expect(known.slice(-Math.floor(max / 2)).every(Boolean)).toBe(true);
      expect(known.filter(Boolean).length).toBeLessThanOrEqual(max);
      expect(known.filter(Boolean).length).toBe(window.older.length + window.newer.length);
      expect(hasId(window, 'other')).toBe(false);
    }),
  );
});
