import { type EventType } from '@fleetstream/contracts';

export interface Counters {
  /** Events folded, late ones too; each once, however often it was delivered. */
  readonly events: number;
  readonly duplicates: number;
  readonly late: number;
  /** Not folded, because they are too old to tell from duplicates. */
  readonly stale: number;
  /** Boots that were forgotten to make room; their events would count as new. */
  readonly forgottenBoots: number;
  readonly perType: Readonly<Partial<Record<EventType, number>>>;
}

export const noCounts: Counters = {
  events: 0,
  duplicates: 0,
  late: 0,
  stale: 0,
  forgottenBoots: 0,
  perType: {},
};

export function countFolded(before: Counters, type: EventType, late: boolean, forgottenBoots: number): Counters {
  const known = before.perType[type];
  return {
    events: before.events + 1,
    duplicates: before.duplicates,
    late: before.late + (late ? 1 : 0),
    stale: before.stale,
    forgottenBoots: before.forgottenBoots + forgottenBoots,
    perType:
      known === undefined ? sortByName({ ...before.perType, [type]: 1 }) : { ...before.perType, [type]: known + 1 },
  };
}

export function countUnfolded(before: Counters, kind: 'duplicate' | 'stale'): Counters {
  return kind === 'duplicate'
    ? { ...before, duplicates: before.duplicates + 1 }
    : { ...before, stale: before.stale + 1 };
}

/** In code-unit order, so that equal counts have equal texts whatever came first. */
function sortByName(perType: Counters['perType']): Counters['perType'] {
  return Object.fromEntries(Object.entries(perType).sort(([a], [b]) => (a < b ? -1 : 1)));
}
