import { type Selector } from '@fleetstream/contracts';
import { holds } from '@fleetstream/robot-model';
import { refuse, type Refusal } from './refusal.ts';
import { type RobotStanding } from './robot-states.ts';

/** A robot that may be meant: what the Robot Platform and the robot's own stream say of it. */
export interface Selectable {
  readonly robotId: string;
  readonly fleet?: string | undefined;
  readonly site?: string | undefined;
  readonly model?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly standing: RobotStanding | undefined;
}

/** Where a robot belongs, once for all of its neighbours. */
export interface SelectedPlace {
  readonly fleet?: string;
  readonly site?: string;
}

export interface Selected {
  readonly kind: 'selected';
  /** In the order of their ids, each once. */
  readonly robotIds: readonly string[];
  /** Where they belong, each place once. */
  readonly places: readonly SelectedPlace[];
}

/**
 * Resolves a selector among the robots that the caller may reach: everybody else's are as if they were not there.
 * Robots that were given by id must all be among them, so that a slip of the pen is no smaller rollout.
 */
export function select(selector: Selector, reachable: Iterable<Selectable>): Selected | Refusal {
  if (Object.keys(selector).length === 0) {
    return refuse('FS_SELECTOR_INVALID', 'selector: give at least one of all, ids, fleet, site, model, tags, state');
  }
  const ids = selector.ids === undefined ? undefined : new Set(selector.ids);
  const known = new Set<string>();
  const robotIds: string[] = [];
  const places = new Map<string, SelectedPlace>();
  for (const robot of reachable) {
    const { robotId, fleet, site } = robot;
    if (known.has(robotId) || ids?.has(robotId) === false) continue;
    known.add(robotId);
    if (!isMeant(selector, robot)) continue;
    robotIds.push(robotId);
    const place = { ...(fleet !== undefined && { fleet }), ...(site !== undefined && { site }) };
    places.set(JSON.stringify(place), place);
  }
  const missing = ids === undefined ? [] : [...ids].filter((id) => !known.has(id));
  if (missing.length > 0) {
    return refuse('FS_SELECTOR_INVALID', `selector.ids: ${missing.length} of them are no known robots`);
  }
  if (robotIds.length === 0) return refuse('FS_SELECTION_EMPTY', 'selector: of no robot everything holds');
  return { kind: 'selected', robotIds: robotIds.sort(), places: [...places.values()] };
}

function isMeant({ fleet, site, model, tags, state }: Selector, robot: Selectable): boolean {
  if (robot.standing?.retired === true) return false;
  if (fleet !== undefined && robot.fleet !== fleet) return false;
  if (site !== undefined && robot.site !== site) return false;
  if (model !== undefined && robot.model !== model) return false;
  if (tags?.every((tag) => robot.tags?.includes(tag) === true) === false) return false;
  if (state === undefined) return true;
  return robot.standing !== undefined && holds(state, toConditioned(robot.standing));
}

/** The published state says all that a condition may look at. */
function toConditioned(standing: RobotStanding): Parameters<typeof holds>[1] {
  const { presence, mode, battery, pose, node, driving, paused, safety, task } = standing;
  const reported = { mode, battery, pose, node, driving, paused, safety, task };
  return {
    presence: { status: presence.status, sinceMs: presence.sinceMs, lastSeenMs: presence.lastSeenMs },
    reported,
  };
}
