import { type RobotStateView } from '@fleetstream/contracts';
import { type RobotRules } from './robot-rules.ts';
import { type RobotState } from './robot-state.ts';

/** What readers of `fleet.states` were last told. */
export interface Published {
  /** Counts the published states, so that a reader sees that it missed one. */
  readonly revision: number;
  readonly atMs: number;
  /** The pose has moved since; it follows when its time has come. */
  readonly poseIsBehind: boolean;
}

export const neverPublished: Published = { revision: 0, atMs: 0, poseIsBehind: false };

/**
 * Whether the step from `before` to `after` is worth telling, and what is then remembered of it. Values that didn't
 * change keep their references, so this compares references. The noise of a standing robot is not worth it: voltage,
 * velocity, metrics, a battery within the same whole per cent, an error that goes on.
 */
export function stepPublished(
  before: RobotState,
  after: RobotState,
  nowMs: number,
  rules: RobotRules,
): { readonly due: boolean; readonly published: Published } {
  const { published } = before;
  const poseIsBehind = published.poseIsBehind || before.reported.pose !== after.reported.pose;
  const poseIsDue = poseIsBehind && nowMs - published.atMs >= rules.posePublishedEveryMs;
  if (poseIsDue || hasNews(before, after)) {
    return { due: true, published: { revision: published.revision + 1, atMs: nowMs, poseIsBehind: false } };
  }
  if (poseIsBehind === published.poseIsBehind) return { due: false, published };
  return { due: false, published: { ...published, poseIsBehind } };
}

function hasNews(before: RobotState, after: RobotState): boolean {
  const [was, is] = [before.reported, after.reported];
  return (
    before.presence.status !== after.presence.status ||
    before.identity !== after.identity ||
    hasOtherErrors(before, after) ||
    (was !== is &&
      (was.mode !== is.mode ||
        was.node !== is.node ||
        was.pose?.map !== is.pose?.map ||
        was.driving !== is.driving ||
        was.paused !== is.paused ||
        was.safety !== is.safety ||
        was.load !== is.load ||
        was.task !== is.task ||
        was.actions !== is.actions ||
        was.battery?.charging !== is.battery?.charging ||
        wholePercent(was.battery?.percent) !== wholePercent(is.battery?.percent)))
  );
}

/** Standing errors keep their places and new ones follow, so a pairwise look finds every edge. */
function hasOtherErrors(before: RobotState, after: RobotState): boolean {
  if (before.errors === after.errors) return false;
  if (before.errors.length !== after.errors.length) return true;
  return before.errors.some((error, at) => {
    const other = after.errors[at];
    return error.type !== other?.type || error.level !== other.level || error.sinceMs !== other.sinceMs;
  });
}

function wholePercent(percent: number | undefined): number | undefined {
  return percent === undefined ? undefined : Math.floor(percent);
}

/** The compact view: what a reader cares about, without what deduplication needs. */
export function toRobotStateView(state: RobotState): RobotStateView {
  const { identity, presence, reported, published } = state;
  return {
    robotId: state.robotId,
    revision: published.revision,
    atMs: published.atMs,
    name: identity.name,
    fleet: identity.fleet,
    site: identity.site,
    model: identity.model,
    retired: identity.retired ? true : undefined,
    presence,
    mode: reported.mode,
    battery: reported.battery,
    pose: reported.pose,
    node: reported.node,
    driving: reported.driving,
    paused: reported.paused,
    safety: reported.safety,
    load: reported.load,
    task: reported.task,
    errors: state.errors.map(({ type, level, description, sinceMs }) => ({ type, level, description, sinceMs })),
    actions: reported.actions,
  };
}
