import { type Release, type Rollout } from './rollout.ts';
import { type RolloutBook } from './rollout-book.ts';
import { decide, type Decision } from './rollout-decision.ts';
import { isWaiting, lostAfterMs, type RolloutProgress } from './rollout-progress.ts';
import { type Moment } from './delivery-desk.ts';

/** Something to append; all of it may be appended twice, by anybody. */
export type RolloutWork =
  | { readonly kind: 'decide'; readonly rollout: Rollout; readonly decision: Decision }
  | { readonly kind: 'request'; readonly rollout: Rollout; readonly robotIds: readonly string[] }
  /** Takes the id of what was never heard of, so that a request that is still under way has no effect. */
  | { readonly kind: 'withdraw'; readonly rollout: Rollout; readonly robotIds: readonly string[] }
  | { readonly kind: 'cancel'; readonly rollout: Rollout; readonly robotIds: readonly string[] };

export interface RolloutDriverOptions {
  readonly book: RolloutBook;
  readonly progress: RolloutProgress;
  /** This instance's name in the log. */
  readonly instance: string;
  /** How long the instance that decided last is left to go on before this one steps in. */
  readonly takeoverMs: number;
}

/** What this instance did for a rollout that the streams may not show yet. */
interface Deeds {
  /** Its releases whose robots were all seen or asked. */
  readonly askedReleases: Set<number>;
  readonly asked: Set<string>;
  readonly withdrawn: Set<string>;
  readonly cancelled: Set<string>;
  /** The step that it has decided, and which is to be read back. */
  decidedStep: number;
  step: number;
  /** When the step was first seen, in monotonic time. */
  stepSeenAtMs: number;
  /** Since when there is something to decide at this step, in monotonic time. */
  dueSinceMs: number | undefined;
  /** Of the progress, when there was nothing left to do after an abort. */
  quietAtVersion: number | undefined;
}

const batchMax = 500;

/**
 * Says what one instance is to append next for the rollouts that its book and the streams show. It never acts on what
 * it decided, only on what it reads: a decision counts when the log has it as the first at its step.
 *
 * All instances do this at once. The one that decided last goes on at once, the others only when it seems not to; and
 * should both do the same, a void decision or a repeated request is all that comes of it.
 *
 * A request that an instance sent before it stalled may reach its robot's log long after an abort. So the ids of asked
 * robots that were never heard of are taken by requests that no robot fulfils: whichever is first in the robot's log
 * counts, and when that is the real one, it is seen, and cancelled.
 */
export class RolloutDriver {
  readonly #options: RolloutDriverOptions;
  readonly #deeds = new Map<string, Deeds>();

  constructor(options: RolloutDriverOptions) {
    this.#options = options;
  }

  /** What is to be done next for a rollout. The caller tells by `done` that the log has taken it. */
  next(rolloutId: string, moment: Moment): RolloutWork | undefined {
    const rollout = this.#options.book.find(rolloutId);
    if (rollout === undefined || rollout.phase === 'FINISHED') {
      this.#deeds.delete(rolloutId);
      return undefined;
    }
    const deeds = this.#deedsOf(rollout, moment);
    if (rollout.phase === 'ABORTED') return this.#nextAfterAbort(rollout, deeds, moment);
    return this.#nextRequest(rollout, deeds, moment) ?? this.#nextDecision(rollout, deeds, moment);
  }

  /** The log has acknowledged it. */
  done(work: RolloutWork): void {
    const deeds = this.#deeds.get(work.rollout.created.rolloutId);
    if (deeds === undefined) return;
    if (work.kind === 'decide') deeds.decidedStep = Math.max(deeds.decidedStep, work.rollout.step);
    else {
      const set = { request: deeds.asked, withdraw: deeds.withdrawn, cancel: deeds.cancelled }[work.kind];
      for (const robotId of work.robotIds) set.add(robotId);
    }
  }

  forget(rolloutId: string): void {
    this.#deeds.delete(rolloutId);
  }

  #deedsOf({ created, step }: Rollout, { monotonicMs }: Moment): Deeds {
    const known = this.#deeds.get(created.rolloutId);
    if (known !== undefined) {
      if (known.step !== step) Object.assign(known, { step, stepSeenAtMs: monotonicMs, dueSinceMs: undefined });
      return known;
    }
    const sets = { askedReleases: new Set<number>(), asked: new Set<string>() };
    const made = { ...sets, withdrawn: new Set<string>(), cancelled: new Set<string>(), decidedStep: 0 };
    const seen = { step, stepSeenAtMs: monotonicMs, dueSinceMs: undefined, quietAtVersion: undefined };
    const deeds: Deeds = { ...made, ...seen };
    this.#deeds.set(created.rolloutId, deeds);
    return deeds;
  }

  /** Whether `by` is this instance, or has had its time since `sinceMs`. */
  #mayStepIn(by: string, sinceMs: number, { monotonicMs }: Moment): boolean {
    return by === this.#options.instance || monotonicMs - sinceMs >= this.#options.takeoverMs;
  }

  /** Before any decision: what was released is asked. */
  #nextRequest(rollout: Rollout, deeds: Deeds, moment: Moment): RolloutWork | undefined {
    for (const release of rollout.releases) {
      if (deeds.askedReleases.has(release.from)) continue;
      // What is so old may have been done and forgotten by its robot: it counts as lost, and is not asked for again.
      const isLost = moment.nowMs - release.atMs >= lostAfterMs;
      const missing = isLost ? [] : this.#unheardOf(rollout, release, deeds.asked);
      if (missing.length === 0) deeds.askedReleases.add(release.from);
      else if (this.#mayStepIn(release.by, deeds.stepSeenAtMs, moment)) {
        return { kind: 'request', rollout, robotIds: missing.slice(0, batchMax) };
      }
    }
    return undefined;
  }

  #nextDecision(rollout: Rollout, deeds: Deeds, moment: Moment): RolloutWork | undefined {
    if (deeds.decidedStep >= rollout.step) return undefined;
    const decision = decide(rollout, this.#options.progress, moment.nowMs);
    if (decision === undefined) {
      deeds.dueSinceMs = undefined;
      return undefined;
    }
    deeds.dueSinceMs ??= moment.monotonicMs;
    return this.#mayStepIn(rollout.by, deeds.dueSinceMs, moment) ? { kind: 'decide', rollout, decision } : undefined;
  }

  #nextAfterAbort(rollout: Rollout, deeds: Deeds, moment: Moment): RolloutWork | undefined {
    const { progress } = this.#options;
    const { rolloutId } = rollout.created;
    const version = progress.versionOf(rolloutId);
    if (deeds.quietAtVersion === version || !this.#mayStepIn(rollout.by, deeds.stepSeenAtMs, moment)) return undefined;
    const [waiting, unheardOf]: [string[], string[]] = [[], []];
    for (const release of rollout.releases) {
      const mayBeUnderWay = moment.nowMs - release.atMs < lostAfterMs;
      for (const robotId of rollout.robotIds.slice(release.from, release.to)) {
        const mark = progress.markOf(rolloutId, robotId);
        if (mark === undefined) {
          if (mayBeUnderWay && !deeds.withdrawn.has(robotId)) unheardOf.push(robotId);
        } else if (isWaiting(mark) && !deeds.cancelled.has(robotId)) waiting.push(robotId);
      }
    }
    if (waiting.length > 0) return { kind: 'cancel', rollout, robotIds: waiting.slice(0, batchMax) };
    if (unheardOf.length > 0) return { kind: 'withdraw', rollout, robotIds: unheardOf.slice(0, batchMax) };
    deeds.quietAtVersion = version;
    return undefined;
  }

  #unheardOf(rollout: Rollout, { from, to }: Release, asked: ReadonlySet<string>): string[] {
    const { rolloutId } = rollout.created;
    return rollout.robotIds
      .slice(from, to)
      .filter((robotId) => !asked.has(robotId) && this.#options.progress.markOf(rolloutId, robotId) === undefined);
  }
}
