import { type FleetEvent } from '@fleetstream/contracts';
import { type Boots, placeSequence } from './boots.ts';
import { addId, hasId, type IdWindow } from './id-window.ts';
import { type RobotRules } from './robot-rules.ts';

/** What has arrived before: all that exact deduplication needs. */
export interface Arrivals {
  readonly boots: Boots;
  readonly recentIds: IdWindow;
}

/**
 * - `fresh`: fold it.
 * - `late`: newer events of its boot were folded before; it counts, but newer values stay.
 * - `duplicate`: it was folded before.
 * - `stale`: too old to tell; not folded.
 */
export interface Arrival extends Arrivals {
  readonly kind: 'fresh' | 'late' | 'duplicate' | 'stale';
  readonly forgottenBoots: number;
}

/**
 * Judges an event by its (bootid, sequence), or by its id when it hasn't both: a sequence alone would make everything
 * after a robot's restart a duplicate.
 */
export function judgeArrival(before: Arrivals, event: FleetEvent, rules: RobotRules): Arrival {
  const { boots, recentIds } = before;
  if (event.sequence !== undefined && event.bootid !== undefined) {
    const verdict = placeSequence(boots, event.bootid, event.sequence, rules);
    return verdict.kind === 'fresh' || verdict.kind === 'late'
      ? { kind: verdict.kind, boots: verdict.boots, recentIds, forgottenBoots: verdict.forgotten }
      : { kind: verdict.kind, boots, recentIds, forgottenBoots: 0 };
  }
  if (hasId(recentIds, event.id)) return { kind: 'duplicate', boots, recentIds, forgottenBoots: 0 };
  return { kind: 'fresh', boots, recentIds: addId(recentIds, event.id, rules.recentIdsMax), forgottenBoots: 0 };
}
