import { type PlatformList, type PlatformRobot } from './platform-robot.ts';

/** A robot that the Robot Platform listed, until it is retired. */
export interface RosterEntry {
  readonly robot: PlatformRobot;
  /** Fingerprint of what the log was last told of it. */
  readonly told?: string;
  /** Not in the last complete lists. */
  readonly missing?: { readonly lists: number; readonly sinceMs: number };
}

export type RosterEntries = ReadonlyMap<string, RosterEntry>;

export interface RosterRules {
  /** A robot is retired when so many complete lists in a row lacked it … */
  readonly retireAfterLists: number;
  /** … and the first of them is so old. */
  readonly retireAfterMs: number;
  /** A list that lacks a larger share of the robots, and more than one, is not believed. */
  readonly lossPercentMax: number;
}

export type Merge =
  | {
      readonly kind: 'taken';
      /** Those to be retired are still among them. */
      readonly entries: RosterEntries;
      readonly retired: readonly RosterEntry[];
      /** Whether anything is other than before. */
      readonly changed: boolean;
    }
  /** The list is not believed: what was known stays. */
  | { readonly kind: 'held'; readonly reason: HoldReason; readonly lost: number };

export type HoldReason = 'empty' | 'loss';

/**
 * What a list makes of the robots that are known. Robots come and change with any list; they go only when complete,
 * plausible lists lacked them often and for long enough, for an error page that looks like a list must retire nobody.
 */
export function mergeList(known: RosterEntries, list: PlatformList, rules: RosterRules, nowMs: number): Merge {
  const listed = new Map(list.robots.map((robot) => [robot.id, robot]));
  const lost = [...known.keys()].filter((id) => !listed.has(id)).length;
  if (known.size > 0 && listed.size === 0) return { kind: 'held', reason: 'empty', lost };
  if (lost > Math.max(1, Math.floor((known.size * rules.lossPercentMax) / 100))) {
    return { kind: 'held', reason: 'loss', lost };
  }
  const entries = new Map<string, RosterEntry>();
  const retired: RosterEntry[] = [];
  let changed = listed.size + lost !== known.size;
  for (const [id, before] of known) {
    const next = stepEntry(before, listed.get(id), list.complete, nowMs);
    entries.set(id, next);
    changed ||= next !== before;
    if (isOver(next, rules, nowMs)) retired.push(next);
  }
  for (const [id, robot] of listed) if (!known.has(id)) entries.set(id, { robot });
  return { kind: 'taken', entries, retired, changed };
}

function stepEntry(
  before: RosterEntry,
  robot: PlatformRobot | undefined,
  complete: boolean,
  nowMs: number,
): RosterEntry {
  if (robot === undefined) {
    if (!complete) return before;
    const { lists, sinceMs } = before.missing ?? { lists: 0, sinceMs: nowMs };
    return { ...before, missing: { lists: lists + 1, sinceMs } };
  }
  if (before.missing === undefined && JSON.stringify(before.robot) === JSON.stringify(robot)) return before;
  return { robot, ...(before.told !== undefined && { told: before.told }) };
}

function isOver({ missing }: RosterEntry, { retireAfterLists, retireAfterMs }: RosterRules, nowMs: number): boolean {
  return missing !== undefined && missing.lists >= retireAfterLists && nowMs - missing.sinceMs >= retireAfterMs;
}
