import { rolloutMax, type RolloutPlan } from '@fleetstream/contracts';

/** A part of the pinned list, `to` exclusive. */
export interface Wave {
  readonly from: number;
  readonly to: number;
}

/** Robots that are asked with one decision. It bounds a batch of requests, and the requests behind a late abort. */
const releaseMax = 1_000;
/** How often a rollout with a rate goes on. */
const releasesPerMinute = 12;

/** The waves of a rollout, the canary first. `undefined`: there are more than `rolloutMax.waves`. */
export function toWaves({ canary, wave }: RolloutPlan, robots: number): readonly Wave[] | undefined {
  const first = canary === undefined ? 0 : toRobots(canary, robots);
  const size = wave === undefined ? Math.max(1, robots - first) : toRobots(wave, robots);
  const count = Math.ceil(Math.max(0, robots - first) / size) + (first > 0 ? 1 : 0);
  if (count > rolloutMax.waves) return undefined;
  const waves: Wave[] = first > 0 ? [{ from: 0, to: first }] : [];
  for (let from = first; from < robots; from += size) waves.push({ from, to: Math.min(robots, from + size) });
  return waves;
}

/** How many robots are asked at once. */
export function toReleaseSize({ robotsPerMinute }: RolloutPlan): number {
  if (robotsPerMinute === undefined) return releaseMax;
  return Math.min(releaseMax, Math.max(1, Math.round(robotsPerMinute / releasesPerMinute)));
}

/** How long to wait after `robots` were asked, in milliseconds. */
export function toPauseMs({ robotsPerMinute }: RolloutPlan, robots: number): number {
  return robotsPerMinute === undefined ? 0 : (robots * 60_000) / robotsPerMinute;
}

function toRobots(size: NonNullable<RolloutPlan['wave']>, robots: number): number {
  const wanted = 'robots' in size ? size.robots : Math.ceil((robots * size.percent) / 100);
  return Math.min(robots, Math.max(1, wanted));
}
