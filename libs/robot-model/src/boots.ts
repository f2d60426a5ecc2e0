import { addSequence, highestSequence, type SequenceRanges } from './sequence-ranges.ts';

/** Which sequence numbers of one boot have been folded. */
export interface Boot {
  readonly bootId: string;
  readonly ranges: SequenceRanges;
  /** What lies below can't be told from a duplicate any more: more gaps were open than are remembered. */
  readonly floor: number;
  /** Numbers that were missing when their gap was given up. */
  readonly givenUp: number;
}

/** In the order in which they were last heard of, the newest at the end. */
export type Boots = readonly Boot[];

export type SequenceVerdict =
  /** `late`: a higher number of its boot has been folded before. */
  | { readonly kind: 'fresh' | 'late'; readonly boots: Boots; readonly forgotten: number }
  | { readonly kind: 'duplicate' | 'stale' };

export interface BootLimits {
  readonly bootsMax: number;
  readonly sequenceRangesMax: number;
}

/**
 * Places one (bootid, sequence). Exact while the boot is remembered and the number is not below its floor; below it,
 * the event is `stale` and not folded, since it may have been before. An event of a forgotten boot starts that boot
 * anew: losing events would be worse than folding one twice, and `forgotten` is counted.
 */
export function placeSequence(boots: Boots, bootId: string, sequence: number, limits: BootLimits): SequenceVerdict {
  const at = boots.findLastIndex((boot) => boot.bootId === bootId);
  const boot = boots[at];
  if (boot === undefined) {
    const added = [...boots, { bootId, ranges: [sequence, sequence], floor: 0, givenUp: 0 }];
    const forgotten = Math.max(0, added.length - limits.bootsMax);
    return { kind: 'fresh', boots: added.slice(forgotten), forgotten };
  }
  if (sequence < boot.floor) return { kind: 'stale' };
  const ranges = addSequence(boot.ranges, sequence);
  if (ranges === undefined) return { kind: 'duplicate' };
  const next = trim({ bootId, ranges, floor: boot.floor, givenUp: boot.givenUp }, limits.sequenceRangesMax);
  const kind = sequence < highestSequence(boot.ranges) ? 'late' : 'fresh';
  const isNewest = at === boots.length - 1;
  return { kind, boots: isNewest ? boots.with(at, next) : [...boots.toSpliced(at, 1), next], forgotten: 0 };
}

/** Forgets the lowest stretch when there are too many; what lies below the next one is then out of reach. */
function trim(boot: Boot, rangesMax: number): Boot {
  if (boot.ranges.length <= 2 * rangesMax) return boot;
  const [, high = 0, floor = 0] = boot.ranges;
  return { bootId: boot.bootId, ranges: boot.ranges.slice(2), floor, givenUp: boot.givenUp + floor - high - 1 };
}
