import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isSameJson } from './same-json.ts';

it.each<{ name: string; a: unknown; b: unknown; same: boolean }>([
  { name: 'fields in another order are the same', a: { x: 1, y: [2] }, b: { y: [2], x: 1 }, same: true },
  { name: 'an undefined field is none', a: { x: 1, y: undefined }, b: { x: 1 }, same: true },
  { name: 'a field more is another', a: { x: 1 }, b: { x: 1, y: 2 }, same: false },
  { name: 'a field less is another', a: { x: 1, y: 2 }, b: { x: 1 }, same: false },
  { name: 'another field is another', a: { x: 1 }, b: { y: 1 }, same: false },
  { name: 'null is not undefined', a: { x: null }, b: {}, same: false },
  { name: 'a list is no object', a: [], b: {}, same: false },
  { name: 'a list in another order is another', a: [1, 2], b: [2, 1], same: false },
  { name: 'what every object inherits is no field', a: { constructor: 1 }, b: {}, same: false },
])('$name', ({ a, b, same }) => {
  expect(isSameJson(a, b)).toBe(same);
  expect(isSameJson(b, a)).toBe(same);
});

it('a copy is the same, and two values are when their texts with sorted keys are', () => {
  const small = fc.jsonValue({ maxDepth: 2, depthSize: 'small' });
  fc.assert(
    fc.property(small, small, (a, b) => {
      expect(isSameJson(a, structuredClone(a))).toBe(true);
      expect(isSameJson(a, b)).toBe(sortedText(a) === sortedText(b));
    }),
  );
});

function sortedText(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
