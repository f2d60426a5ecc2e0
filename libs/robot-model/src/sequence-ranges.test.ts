import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addSequence, highestSequence, missingSequences, type SequenceRanges } from './sequence-ranges.ts';

it.each([
  { name: 'the first number', given: [], add: 7, next: [7, 7] },
  { name: 'the next one lengthens the last stretch', given: [7, 9], add: 10, next: [7, 10] },
  { name: 'a jump opens a gap', given: [7, 9], add: 12, next: [7, 9, 12, 12] },
  { name: 'the missing one closes it', given: [7, 9, 11, 12], add: 10, next: [7, 12] },
  { name: 'one at the lower edge of a gap', given: [1, 2, 9, 9], add: 3, next: [1, 3, 9, 9] },
  { name: 'one at the upper edge of a gap', given: [1, 2, 9, 9], add: 8, next: [1, 2, 8, 9] },
  { name: 'one in the middle of a gap', given: [1, 2, 9, 9], add: 5, next: [1, 2, 5, 5, 9, 9] },
  { name: 'one right before the first', given: [7, 9], add: 6, next: [6, 9] },
  { name: 'one long before the first', given: [7, 9], add: 0, next: [0, 0, 7, 9] },
  { name: 'a known one', given: [7, 9], add: 8, next: undefined },
  { name: 'the lowest of a stretch', given: [1, 2, 7, 9], add: 7, next: undefined },
  { name: 'the highest of a stretch', given: [1, 2, 7, 9], add: 2, next: undefined },
  {
    name: 'the greatest exact integer',
    given: [0, 0],
    add: Number.MAX_SAFE_INTEGER,
    next: [0, 0, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  },
])('$name', ({ given, add, next }) => {
  expect(addSequence(given, add)).toEqual(next);
});

it('equals a naive set, whatever comes', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 40 }), { maxLength: 80 }), (numbers) => {
      const naive = new Set<number>();
      let ranges: SequenceRanges = [];
      for (const number of numbers) {
        const next = addSequence(ranges, number);
        expect(next === undefined).toBe(naive.has(number));
        naive.add(number);
        ranges = next ?? ranges;
        const sorted = [...naive].sort((a, b) => a - b);
        expect(expand(ranges)).toEqual(sorted);
        expect(highestSequence(ranges)).toBe(sorted.at(-1));
        expect(missingSequences(ranges)).toBe((sorted.at(-1) ?? 0) - (sorted[0] ?? 0) + 1 - sorted.length);
      }
    }),
  );
});

function expand(ranges: SequenceRanges): number[] {
  const numbers: number[] = [];
  for (let at = 0; at < ranges.length; at += 2) {
    for (let one = ranges[at] ?? 0; one <= (ranges[at + 1] ?? 0); one += 1) numbers.push(one);
  }
  return numbers;
}
