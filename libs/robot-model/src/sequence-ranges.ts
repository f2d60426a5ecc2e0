/**
 * A set of sequence numbers as its stretches, ascending and apart by at least one: `[low, high, low, high, …]`. Robots
 * count by one, so a long life is a handful of numbers.
 */
export type SequenceRanges = readonly number[];

/** The set with `sequence` in it, or `undefined` when it was in it. Looks from the end, where new numbers belong. */
export function addSequence(ranges: SequenceRanges, sequence: number): SequenceRanges | undefined {
  const last = ranges.length - 1;
  if (ranges[last] === sequence - 1) return ranges.with(last, sequence);
  // After the loop `at` is where the first stretch begins that lies wholly above `sequence`.
  let at = ranges.length;
  while (at > 0 && lowAt(ranges, at - 2) > sequence) at -= 2;
  const below = at - 1;
  if (below > 0 && highAt(ranges, below) >= sequence) return undefined;
  const touchesBelow = below > 0 && highAt(ranges, below) === sequence - 1;
  const touchesAbove = at < ranges.length && lowAt(ranges, at) === sequence + 1;
  if (touchesBelow && touchesAbove) return ranges.toSpliced(below, 2);
  if (touchesBelow) return ranges.with(below, sequence);
  if (touchesAbove) return ranges.with(at, sequence);
  return ranges.toSpliced(at, 0, sequence, sequence);
}

export function highestSequence(ranges: SequenceRanges): number {
  return ranges[ranges.length - 1] ?? -1;
}

/** Numbers that are missing between the lowest and the highest. */
export function missingSequences(ranges: SequenceRanges): number {
  let missing = 0;
  for (let at = 2; at < ranges.length; at += 2) missing += lowAt(ranges, at) - highAt(ranges, at - 1) - 1;
  return missing;
}

function lowAt(ranges: SequenceRanges, index: number): number {
  return ranges[index] ?? Infinity;
}

function highAt(ranges: SequenceRanges, index: number): number {
  return ranges[index] ?? -Infinity;
}
