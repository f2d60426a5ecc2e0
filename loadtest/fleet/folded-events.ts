import { type FoldedProgress } from '@fleetstream/contracts';
import { type OutboxItem } from './outbox.ts';

/** Whether the platform says of an event that it is in the robot's state. */
export function isFolded({ event }: OutboxItem, progress: readonly FoldedProgress[]): boolean {
  const { bootid, sequence } = event;
  if (bootid === undefined || sequence === undefined) return false;
  const boot = progress.find((one) => one.bootid === bootid);
  if (boot === undefined || sequence < boot.from || sequence > boot.ackedThrough) return false;
  return !boot.missing.some(([first, last]) => sequence >= first && sequence <= last);
}

/** Events kept at most; the oldest are let go beyond it. */
const keptMax = 2000;
/** A fold is behind by a second or two; what it still misses after this was never appended. */
const missedAfterMs = 10_000;

/**
 * What was acknowledged and isn't folded yet, as far as the robot knows. A robot that trusts nobody sends again what the
 * fold went past without it.
 */
export class KeptEvents {
  #items: { readonly item: OutboxItem; sinceMs: number }[] = [];
  /** Let go for want of room. */
  released = 0;

  get length(): number {
    return this.#items.length;
  }

  get last(): OutboxItem | undefined {
    return this.#items.at(-1)?.item;
  }

  /** Only what has a place in a boot: of the rest nothing is ever told. */
  keep(item: OutboxItem, nowMs: number): void {
    if (item.event.bootid === undefined || item.event.sequence === undefined) return;
    this.#items.push({ item, sinceMs: nowMs });
    if (this.#items.length <= keptMax) return;
    this.#items.shift();
    this.released += 1;
  }

  /** Lets go of what is folded. @returns what the fold went past without it, to be sent again */
  settle(progress: readonly FoldedProgress[], nowMs: number): OutboxItem[] {
    if (this.#items.length === 0) return [];
    const missed: OutboxItem[] = [];
    this.#items = this.#items.filter((kept) => {
      if (isFolded(kept.item, progress)) return false;
      if (nowMs - kept.sinceMs > missedAfterMs && isMissing(kept.item, progress)) {
        missed.push(kept.item);
        kept.sinceMs = nowMs;
      }
      return true;
    });
    return missed;
  }
}

function isMissing({ event }: OutboxItem, progress: readonly FoldedProgress[]): boolean {
  const { bootid, sequence = 0 } = event;
  const boot = progress.find((one) => one.bootid === bootid);
  return boot?.missing.some(([first, last]) => sequence >= first && sequence <= last) === true;
}
