import { type CommandStatus, type GateFigures } from '@fleetstream/contracts';
import { releasedOf, type Rollout, type RolloutEnd } from './rollout.ts';
import { figuresOfWave } from './rollout-decision.ts';
import { type RolloutProgress, toRolloutCommandId } from './rollout-progress.ts';

/** How a robot stands in a rollout: not asked yet, asked and not heard of, taken back before it was heard of, or its command's status. */
export type RobotStatus = 'WAITING' | 'ASKED' | 'WITHDRAWN' | CommandStatus;

export interface WaveView {
  readonly wave: number;
  readonly robots: number;
  readonly asked: number;
  readonly phase: 'WAITING' | 'ASKING' | 'OBSERVED' | 'PASSED' | 'ABORTED';
  readonly figures: GateFigures;
  readonly passedAtMs?: number;
}

export interface RobotView {
  readonly robotId: string;
  readonly commandId: string;
  readonly wave: number;
  readonly status: RobotStatus;
  readonly verification?: string;
}

export interface RolloutSummary extends Pick<Rollout, 'phase' | 'step' | 'createdAtMs' | 'atMs'> {
  readonly rolloutId: string;
  readonly action: string;
  readonly selector: Rollout['created']['selector'];
  readonly requestedBy: string;
  readonly robots: number;
  /** Robots that were asked. */
  readonly asked: number;
  readonly waves: number;
  /** Waves that passed their gate. */
  readonly passed: number;
  readonly end?: RolloutEnd;
}

export interface RolloutView extends Omit<RolloutSummary, 'waves'> {
  readonly command: Rollout['created']['command'];
  readonly plan: Rollout['created']['plan'];
  /** Robots by how they stand. */
  readonly counts: Readonly<Partial<Record<RobotStatus, number>>>;
  readonly waves: readonly WaveView[];
  readonly controls: Rollout['controls'];
}

/** Without waves, for lists. */
export function toRolloutSummary(rollout: Rollout): RolloutSummary {
  const { created, phase, step, createdAtMs, atMs, end, robotIds, waves, passed } = rollout;
  const { rolloutId, command, selector, requestedBy } = created;
  return {
    ...{ rolloutId, phase, step, robots: robotIds.length, asked: releasedOf(rollout) },
    ...{ waves: waves.length, passed: passed.length, action: command.action, selector, requestedBy, createdAtMs, atMs },
    ...(end !== undefined && { end }),
  };
}

/** How it stands: counts by status, each wave with what its gate sees, and what people did. */
export function toRolloutView(rollout: Rollout, progress: RolloutProgress, nowMs: number): RolloutView {
  const { created, robotIds, controls } = rollout;
  const counts: Partial<Record<RobotStatus, number>> = {};
  for (const [at] of robotIds.entries()) {
    const status = statusOf(rollout, progress, at);
    counts[status] = (counts[status] ?? 0) + 1;
  }
  const waves = rollout.waves.map((_, wave) => toWaveView(rollout, progress, wave, nowMs));
  return { ...toRolloutSummary(rollout), command: created.command, plan: created.plan, counts, waves, controls };
}

/** A page of the pinned list, from index `from` on. `next`: where the next page begins. */
export function toRobotViews(
  rollout: Rollout,
  progress: RolloutProgress,
  page: { readonly from: number; readonly limit: number; readonly status?: string | undefined },
): { readonly robots: readonly RobotView[]; readonly next: number | undefined } {
  const robots: RobotView[] = [];
  for (let at = page.from; at < rollout.robotIds.length; at++) {
    if (robots.length === page.limit) return { robots, next: at };
    const view = toRobotView(rollout, progress, at);
    if (page.status === undefined || view.status === page.status) robots.push(view);
  }
  return { robots, next: undefined };
}

function toRobotView(rollout: Rollout, progress: RolloutProgress, at: number): RobotView {
  const { rolloutId } = rollout.created;
  const robotId = rollout.robotIds[at] ?? '';
  const verification = progress.markOf(rolloutId, robotId)?.verification;
  return {
    robotId,
    commandId: toRolloutCommandId(rolloutId, robotId),
    wave: rollout.waves.findIndex(({ from, to }) => from <= at && at < to),
    status: statusOf(rollout, progress, at),
    ...(verification !== undefined && { verification }),
  };
}

function statusOf(rollout: Rollout, progress: RolloutProgress, at: number): RobotStatus {
  if (at >= releasedOf(rollout)) return 'WAITING';
  const mark = progress.markOf(rollout.created.rolloutId, rollout.robotIds[at] ?? '');
  if (mark === undefined) return 'ASKED';
  return mark.withdrawn ? 'WITHDRAWN' : mark.status;
}

function toWaveView(rollout: Rollout, progress: RolloutProgress, wave: number, nowMs: number): WaveView {
  const { from = 0, to = 0 } = rollout.waves[wave] ?? {};
  const passed = rollout.passed[wave];
  const asked = Math.min(to, Math.max(from, releasedOf(rollout))) - from;
  const phase = toWavePhase(rollout, wave, asked === to - from);
  return {
    ...{ wave, robots: to - from, asked, phase },
    figures: passed?.figures ?? figuresOfWave(rollout, progress, wave, nowMs),
    ...(passed !== undefined && { passedAtMs: passed.atMs }),
  };
}

function toWavePhase(rollout: Rollout, wave: number, isAsked: boolean): WaveView['phase'] {
  const current = rollout.passed.length;
  if (wave < current) return 'PASSED';
  if (wave > current || releasedOf(rollout) <= (rollout.waves[wave]?.from ?? 0)) return 'WAITING';
  if (rollout.phase === 'ABORTED') return 'ABORTED';
  return isAsked ? 'OBSERVED' : 'ASKING';
}
