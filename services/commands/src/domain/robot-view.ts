import { type Condition } from '@fleetstream/contracts';
import { type LiveAnswer, type LiveState } from './live-answer.ts';
import { refuse, type Refusal } from './refusal.ts';

/** A robot as the Robot Platform lists it. */
export interface ListedRobot {
  readonly id: string;
  readonly name?: string | undefined;
  readonly fleet?: string | undefined;
  readonly site?: string | undefined;
  readonly model?: string | undefined;
}

/** What is known of a robot from both sides, each with its age. */
export function toRobotView(
  robotId: string,
  listed: ListedRobot | undefined,
  list: { readonly ageMs: number; readonly stale: boolean } | undefined,
  answer: LiveAnswer | undefined,
): Record<string, unknown> {
  const live = answer === undefined || answer.kind === 'unknown' ? undefined : answer.live;
  const { fleet, site } = live?.state.identity ?? {};
  return {
    robotId,
    name: listed?.name,
    fleet: listed?.fleet ?? fleet,
    site: listed?.site ?? site,
    model: listed?.model,
    platform: { listed: listed !== undefined, ...(list !== undefined && { ageMs: list.ageMs, stale: list.stale }) },
    live: {
      available: live !== undefined,
      ...(answer !== undefined && answer.kind !== 'unknown' && { ageMs: answer.ageMs, stale: answer.kind === 'away' }),
      ...(answer === undefined && { stale: true }),
      ...(live !== undefined && toLiveView(live)),
    },
  };
}

function toLiveView({ state, asOf }: LiveState): Record<string, unknown> {
  const { presence, clockOffsetMs, reported, errors, commands, published } = state;
  const { open = [], epoch = 0 } = commands ?? {};
  return {
    ...{ asOf, revision: published.revision, epoch, openCommands: open.length, presence, clockOffsetMs },
    ...{ mode: reported.mode, battery: reported['battery'], pose: reported['pose'], node: reported['node'] },
    ...{ driving: reported['driving'], paused: reported['paused'], safety: reported['safety'] },
    ...{ task: reported['task'], errors },
  };
}

/** The version of a robot's state that a request may insist on. */
export function toStateTag({ state }: LiveState): string {
  return `"r${state.published.revision}.e${state.commands?.epoch ?? 0}"`;
}

export interface Preconditions {
  readonly ifMatch?: string | undefined;
  readonly ifEpoch?: number | undefined;
  readonly require?: Condition | undefined;
}

export function hasPreconditions({ ifMatch, ifEpoch, require }: Preconditions): boolean {
  return ifMatch !== undefined || ifEpoch !== undefined || require !== undefined;
}

/**
 * What of the preconditions doesn't hold now. Epoch and conditions go into the log as well, which decides at the very
 * place where the command stands; the version of the state is only looked at here, so without an answer it is refused.
 */
export function findUnmet({ ifMatch, ifEpoch, require }: Preconditions, answer: LiveAnswer): Refusal | undefined {
  if (answer.kind !== 'live') {
    if (ifMatch === undefined) return undefined;
    if (answer.kind === 'unknown') return refuse('FS_PRECONDITION_FAILED', 'if-match: the robot has no state');
    return refuse('FS_NOT_READY', 'if-match: the state of the robot is not known now');
  }
  const { live } = answer;
  const tags = ifMatch?.split(',').map((tag) => tag.trim());
  if (tags !== undefined && !tags.includes('*') && !tags.includes(toStateTag(live))) {
    return refuse('FS_PRECONDITION_FAILED', 'if-match: the state has another version');
  }
  const epoch = live.state.commands?.epoch ?? 0;
  if (ifEpoch !== undefined && ifEpoch !== epoch) return refuse('FS_PRECONDITION_FAILED', `ifEpoch: it is ${epoch}`);
  if (require !== undefined && 'equals' in require && require.path === 'mode') {
    if (require.equals !== live.state.reported.mode)
      return refuse('FS_PRECONDITION_FAILED', 'require: mode is another');
  }
  return undefined;
}
