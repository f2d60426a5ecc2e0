import {
  type GateFigures,
  type RolloutAbortedData,
  type RolloutControlledData,
  type RolloutCreatedData,
  type RolloutPassedData,
  type RolloutReleasedData,
} from '@fleetstream/contracts';
import { toWaves, type Wave } from './rollout-plan.ts';

/**
 * A rollout as its log tells it. Phases and what moves it there:
 *
 *   WAITING   its creation, when somebody else has to approve it
 *   RUNNING   its creation; approved; resumed
 *   PAUSED    paused: nobody else is asked, what was asked goes on
 *   FINISHED  the last wave passed its gate
 *   ABORTED   a gate or a person aborted it, whatever it was before
 *
 * Any instance may write any event. What decides alone (released, passed, aborted by a gate) carries the step that it
 * was decided at and counts only there, so the first of two instances wins and the other's decision is void. What a
 * person says counts whenever the phase allows it.
 */
export interface Rollout {
  readonly created: RolloutCreatedData;
  readonly createdAtMs: number;
  /** The pinned list. */
  readonly robotIds: readonly string[];
  readonly waves: readonly Wave[];
  readonly phase: RolloutPhase;
  /** Events that counted, the creation included. */
  readonly step: number;
  /** In order and without gaps: who was asked when. */
  readonly releases: readonly Release[];
  /** A wave each, from the first. */
  readonly passed: readonly Passed[];
  /** The instance that decided last: the others leave the next step to it for a while. */
  readonly by: string;
  /** Log time of the last event that counted. */
  readonly atMs: number;
  readonly end: RolloutEnd | undefined;
  /** What people did, oldest first. */
  readonly controls: readonly Controlled[];
}

export type RolloutPhase = 'WAITING' | 'RUNNING' | 'PAUSED' | 'FINISHED' | 'ABORTED';

export interface Release extends Wave {
  readonly wave: number;
  readonly by: string;
  /** Log time, milliseconds since the epoch. */
  readonly atMs: number;
}

export interface Passed {
  readonly atMs: number;
  readonly figures: GateFigures;
}

export interface Controlled {
  readonly action: RolloutControlledData['action'];
  readonly requestedBy: string;
  readonly reason?: string | undefined;
  readonly atMs: number;
}

export interface RolloutEnd {
  readonly reason: string;
  /** The instance or the person. */
  readonly by: string;
  /** At the gate that aborted it. */
  readonly figures?: GateFigures;
}

/** What happens to a rollout that was created. */
export type RolloutEvent =
  | { readonly kind: 'released'; readonly data: RolloutReleasedData }
  | { readonly kind: 'passed'; readonly data: RolloutPassedData }
  | { readonly kind: 'aborted'; readonly data: RolloutAbortedData }
  | { readonly kind: 'controlled'; readonly data: RolloutControlledData };

/** What people did is kept up to this many; the first give way. */
const controlsMax = 32;

/** `undefined`: no rollout, for the list is not the one that was sealed, or there would be too many waves. */
export function createRollout(
  created: RolloutCreatedData,
  robotIds: readonly string[],
  atMs: number,
): Rollout | undefined {
  const waves = robotIds.length === created.robots ? toWaves(created.plan, robotIds.length) : undefined;
  if (waves === undefined) return undefined;
  const phase = created.needsApproval === true ? 'WAITING' : 'RUNNING';
  return {
    ...{ created, createdAtMs: atMs, robotIds, waves, phase, step: 1, releases: [], passed: [], atMs },
    ...{ by: created.by, end: undefined, controls: [] },
  };
}

/** Robots that were asked: the first so many of the list. */
export function releasedOf({ releases }: Pick<Rollout, 'releases'>): number {
  return releases.at(-1)?.to ?? 0;
}

export function hasEnded({ phase }: Pick<Rollout, 'phase'>): boolean {
  return phase === 'FINISHED' || phase === 'ABORTED';
}

/** The same rollout when the event is void. */
export function stepRollout(rollout: Rollout, event: RolloutEvent, atMs: number): Rollout {
  switch (event.kind) {
    case 'released':
      return stepReleased(rollout, event.data, atMs);
    case 'passed':
      return stepPassed(rollout, event.data, atMs);
    case 'aborted':
      return stepAborted(rollout, event.data, atMs);
    case 'controlled':
      return stepControlled(rollout, event.data, atMs);
  }
}

function stepReleased(rollout: Rollout, { step, by, wave, from, to }: RolloutReleasedData, atMs: number): Rollout {
  const current = rollout.waves[wave];
  const isNext = step === rollout.step && wave === rollout.passed.length && from === releasedOf(rollout);
  if (rollout.phase !== 'RUNNING' || !isNext || current === undefined || to <= from || to > current.to) return rollout;
  return advance(rollout, atMs, { by, releases: [...rollout.releases, { from, to, wave, by, atMs }] });
}

function stepPassed(rollout: Rollout, { step, by, wave, figures }: RolloutPassedData, atMs: number): Rollout {
  const current = rollout.waves[wave];
  const isNext = step === rollout.step && wave === rollout.passed.length && releasedOf(rollout) === current?.to;
  if (rollout.phase !== 'RUNNING' || !isNext) return rollout;
  const passed = [...rollout.passed, { atMs, figures }];
  if (passed.length < rollout.waves.length) return advance(rollout, atMs, { by, passed });
  return advance(rollout, atMs, { by, passed, phase: 'FINISHED', end: { reason: 'finished', by } });
}

function stepAborted(rollout: Rollout, { step, by, reason, figures }: RolloutAbortedData, atMs: number): Rollout {
  if (step !== rollout.step || hasEnded(rollout)) return rollout;
  return advance(rollout, atMs, { by, phase: 'ABORTED', end: { reason, by, figures } });
}

function stepControlled(rollout: Rollout, data: RolloutControlledData, atMs: number): Rollout {
  const { action, requestedBy, reason } = data;
  const controls = [...rollout.controls, { action, requestedBy, reason, atMs }].slice(-controlsMax);
  const { phase } = rollout;
  const isOther = requestedBy !== rollout.created.requestedBy;
  if (action === 'approve' && phase === 'WAITING' && isOther)
    return advance(rollout, atMs, { controls, phase: 'RUNNING' });
  if (action === 'pause' && phase === 'RUNNING') return advance(rollout, atMs, { controls, phase: 'PAUSED' });
  if (action === 'resume' && phase === 'PAUSED') return advance(rollout, atMs, { controls, phase: 'RUNNING' });
  if (action !== 'abort' || hasEnded(rollout)) return rollout;
  const end = { reason: reason ?? 'aborted', by: requestedBy };
  return advance(rollout, atMs, { controls, phase: 'ABORTED', end });
}

function advance(rollout: Rollout, atMs: number, changes: Partial<Rollout>): Rollout {
  return { ...rollout, ...changes, atMs, step: rollout.step + 1 };
}
