import {
  type CommandData,
  type CommandStatus,
  type ErrorLevel,
  errorLevels,
  type FleetAlertData,
  type GateFigures,
  isTerminal,
  type Verification,
} from '@fleetstream/contracts';
import { type Release, type Rollout } from './rollout.ts';

/** What the log told last of one robot's command of a rollout. */
export interface CommandMark {
  readonly status: CommandStatus;
  readonly verification: Verification | undefined;
  /** The request was overtaken by the withdrawal, which took its id. */
  readonly withdrawn: boolean;
}

interface RolloutMarks {
  readonly byRobot: Map<string, CommandMark>;
  version: number;
}

/** Of these it is certain that no robot was given them. */
const waiting: ReadonlySet<CommandStatus> = new Set(['ACCEPTED', 'QUEUED']);

/**
 * The action of a request that takes a command's id so that the real request, should it still be under way, has no
 * effect. Its condition holds of no robot.
 */
export const withdrawnAction = 'withdrawn';

/** Marks that are kept; with more the rollout that was heard of longest ago is forgotten. */
const marksMax = 1_000_000;
/** Robots whose errors are remembered; the one that raised none for longest is forgotten. */
const robotsMax = 200_000;

/**
 * The id of a rollout's command for a robot: the same from every instance, so that asking twice is asking once. It is
 * made of both ids, not of a hash: a pure function of the log says it, and a person reads it.
 */
export function toRolloutCommandId(rolloutId: string, robotId: string): string {
  return `${rolloutId}.${robotId}`;
}

/** How the commands of rollouts stand, and which robots raised errors, as `fleet.commands` and `fleet.alerts` tell. */
export class RolloutProgress {
  readonly #marks = new Map<string, RolloutMarks>();
  readonly #raised = new Map<string, Partial<Record<ErrorLevel, number>>>();
  readonly #limits: { readonly marks: number; readonly robots: number };
  #markCount = 0;

  constructor(limits: { readonly marks: number; readonly robots: number } = { marks: marksMax, robots: robotsMax }) {
    this.#limits = limits;
  }

  /** Counts what was noted of the rollout's commands. */
  versionOf(rolloutId: string): number {
    return this.#marks.get(rolloutId)?.version ?? 0;
  }

  /** Rollouts may be heard of here before their own log was read so far. */
  noteCommand({ rolloutId, robotId, commandId, status, verification, action }: CommandData): void {
    // Anybody may write a rollout's id into a request; only its own commands count.
    if (rolloutId === undefined || commandId !== toRolloutCommandId(rolloutId, robotId)) return;
    const ofRollout = this.#marks.get(rolloutId) ?? { byRobot: new Map<string, CommandMark>(), version: 0 };
    const before = ofRollout.byRobot.get(robotId);
    if (before === undefined) this.#markCount += 1;
    const withdrawn = action === withdrawnAction;
    ofRollout.byRobot.set(robotId, { status, verification: verification ?? before?.verification, withdrawn });
    ofRollout.version += 1;
    this.#marks.set(rolloutId, ofRollout);
    while (this.#markCount > this.#limits.marks && this.#marks.size > 1) this.#forgetOldest();
  }

  noteAlert({ alert, robotId, level, atMs }: FleetAlertData): void {
    if ((alert !== 'error-raised' && alert !== 'robot-alert') || level === undefined) return;
    const before = this.#raised.get(robotId);
    this.#raised.delete(robotId);
    this.#raised.set(robotId, { ...before, [level]: Math.max(atMs, before?.[level] ?? 0) });
    const [oldest] = this.#raised.size > this.#limits.robots ? this.#raised.keys() : [];
    if (oldest !== undefined) this.#raised.delete(oldest);
  }

  markOf(rolloutId: string, robotId: string): CommandMark | undefined {
    return this.#marks.get(rolloutId)?.byRobot.get(robotId);
  }

  /** Whether the robot raised an error of the level or a worse one at `sinceMs` or later, in log time. */
  hasRaised(robotId: string, leastLevel: ErrorLevel, sinceMs: number): boolean {
    const raised = this.#raised.get(robotId);
    if (raised === undefined) return false;
    return errorLevels.slice(errorLevels.indexOf(leastLevel)).some((level) => (raised[level] ?? 0) >= sinceMs);
  }

  forget(rolloutId: string): void {
    this.#markCount -= this.#marks.get(rolloutId)?.byRobot.size ?? 0;
    this.#marks.delete(rolloutId);
  }

  #forgetOldest(): void {
    const [oldest] = this.#marks.keys();
    if (oldest !== undefined) this.forget(oldest);
  }
}

/** Whether a command waits with us: it can be cancelled without asking its robot. */
export function isWaiting({ status }: CommandMark): boolean {
  return waiting.has(status);
}

/** Whether nothing more is to be expected of it, as far as a gate goes. */
function hasCommandEnded({ status, verification }: CommandMark): boolean {
  return isTerminal(status) && !(status === 'SUCCEEDED' && verification === 'PENDING');
}

/** After so long a command that was never heard of counts as failed, in milliseconds. */
export const lostAfterMs = 900_000;

/** The figures of a part of the robots that were asked. */
export function toFigures(
  rollout: Rollout,
  progress: RolloutProgress,
  releases: readonly Release[],
  nowMs: number,
): GateFigures {
  const { created, robotIds } = rollout;
  const { rolloutId, plan } = created;
  const counts = { robots: 0, ended: 0, succeeded: 0, failed: 0, diverged: 0, raisedErrors: 0 };
  for (const { from, to, atMs } of releases) {
    for (const robotId of robotIds.slice(from, to)) {
      const mark = progress.markOf(rolloutId, robotId);
      const lost = mark === undefined && nowMs - atMs >= lostAfterMs;
      counts.robots += 1;
      if (lost || (mark !== undefined && hasCommandEnded(mark))) counts.ended += 1;
      if (lost || (mark !== undefined && isTerminal(mark.status) && mark.status !== 'SUCCEEDED')) counts.failed += 1;
      if (mark?.status === 'SUCCEEDED') counts.succeeded += 1;
      if (mark?.verification === 'DIVERGED') counts.diverged += 1;
      if (plan.gate !== undefined && progress.hasRaised(robotId, plan.gate.errorLevel, atMs)) counts.raisedErrors += 1;
    }
  }
  return counts;
}
