import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hashId, idHashChars } from './hash-id.ts';
import { addId, countIds, emptyIdWindow, hasId, toIdWindow } from './id-window.ts';

it('remembers at least half of its size, at most all, and never one that was not added', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 12 }), fc.nat({ max: 40 }), (max, length) => {
      let window = emptyIdWindow;
      for (let at = 0; at < length; at += 1) window = addId(window, `id-${at}`, max);
      const known = Array.from({ length }, (_, at) => hasId(window, `id-${at}`));
      expect(known.slice(-Math.floor(max / 2)).every(Boolean)).toBe(true);
      expect(known.filter(Boolean).length).toBeLessThanOrEqual(max);
      expect(known.filter(Boolean).length).toBe(countIds(window));
      expect(hasId(window, 'other')).toBe(false);
    }),
  );
});

it('takes over the ids of a window that holds them as they are', () => {
  const ids = fc.array(fc.string({ unit: 'binary' }), { maxLength: 8 });
  fc.assert(
    fc.property(ids, ids, (older, newer) => {
      const window = toIdWindow({ older, newer });
      expect([...older, ...newer].every((id) => hasId(window, id))).toBe(true);
      expect(countIds(window)).toBe(older.length + newer.length);
    }),
  );
});

it('gives ids that differ a little hashes that differ', () => {
  const hashes = new Set<string>();
  for (let number = 0; number < 200_000; number += 1) hashes.add(hashId(`robot-7-event-${number}`));
  for (let number = 0; number < 200_000; number += 1) hashes.add(hashId(number.toString(16).padStart(32, '0')));
  expect(hashes.size).toBe(400_000);
});

it.each([
  { id: '', hash: hashId('') },
  { id: 'a', hash: hashId('a') },
])('hashes "$id" to ten characters that need no escape in JSON', ({ hash }) => {
  expect(hash).toMatch(/^[\w-]{10}$/);
  expect(hash.length).toBe(idHashChars);
});

it('stays as it is: what is stored was hashed by an earlier release', () => {
  expect(['', 'a', 'e1', 'ä\ud800'].map(hashId)).toEqual(['NuTZa-Cf8P', 'naRinmwbhH', 'SZB4uf6U68', 'WAgOiA7eqQ']);
});
