import { type GateFigures, type RolloutAbortedData } from '@fleetstream/contracts';
import { hasEnded, releasedOf, type Rollout } from './rollout.ts';
import { toPauseMs, toReleaseSize } from './rollout-plan.ts';
import { type RolloutProgress, toFigures } from './rollout-progress.ts';

/** The next step of a rollout, as one instance sees it. It counts once the log has it as the first at its step. */
export type Decision =
  | { readonly kind: 'release'; readonly wave: number; readonly from: number; readonly to: number }
  | { readonly kind: 'pass'; readonly wave: number; readonly figures: GateFigures }
  | {
      readonly kind: 'abort';
      readonly wave: number;
      readonly reason: RolloutAbortedData['reason'];
      readonly figures: GateFigures;
    };

/** A rollout that is older is aborted: its log is kept for a month, and nobody means it any more. */
const rolloutMsMax = 7 * 86_400_000;

/**
 * What is to be decided now, from the rollout's log and the streams. A gate aborts as soon as it can't be passed, and
 * lets pass when every command of the wave has come to an end and errors had their time to show. So a wave of which
 * nothing is heard holds the rollout up.
 */
export function decide(rollout: Rollout, progress: RolloutProgress, nowMs: number): Decision | undefined {
  if (hasEnded(rollout)) return undefined;
  const wave = rollout.passed.length;
  const figures = figuresOfWave(rollout, progress, wave, nowMs);
  const reason = findFault(rollout, figures, figuresOfAll(rollout, progress, nowMs));
  if (reason !== undefined) return { kind: 'abort', wave, reason, figures };
  if (nowMs - rollout.createdAtMs > rolloutMsMax) return { kind: 'abort', wave, reason: 'too-old', figures };
  if (rollout.phase !== 'RUNNING') return undefined;
  return decideRelease(rollout, nowMs) ?? decidePass(rollout, figures, nowMs);
}

export function figuresOfWave(rollout: Rollout, progress: RolloutProgress, wave: number, nowMs: number): GateFigures {
  const releases = rollout.releases.filter((release) => release.wave === wave);
  return toFigures(rollout, progress, releases, nowMs);
}

function figuresOfAll(rollout: Rollout, progress: RolloutProgress, nowMs: number): GateFigures {
  return toFigures(rollout, progress, rollout.releases, nowMs);
}

/** The wave's share is of the whole wave, so it only grows; what goes wrong late counts by the share of all. */
function findFault(rollout: Rollout, wave: GateFigures, all: GateFigures): 'failed' | 'errors' | undefined {
  const { gate } = rollout.created.plan;
  const current = rollout.waves[rollout.passed.length];
  if (gate === undefined || current === undefined) return undefined;
  const isOver = (read: (figures: GateFigures) => number, percentMax: number) =>
    read(wave) * 100 > percentMax * (current.to - current.from) || read(all) * 100 > percentMax * current.to;
  if (isOver(({ failed, diverged }) => failed + diverged, gate.failedPercentMax)) return 'failed';
  return isOver(({ raisedErrors }) => raisedErrors, gate.errorPercentMax) ? 'errors' : undefined;
}

function decideRelease(rollout: Rollout, nowMs: number): Decision | undefined {
  const wave = rollout.passed.length;
  const from = releasedOf(rollout);
  const end = rollout.waves[wave]?.to ?? from;
  if (from >= end) return undefined;
  const { plan } = rollout.created;
  const last = rollout.releases.at(-1);
  if (last !== undefined && nowMs < last.atMs + toPauseMs(plan, last.to - last.from)) return undefined;
  return { kind: 'release', wave, from, to: Math.min(end, from + toReleaseSize(plan)) };
}

function decidePass(rollout: Rollout, figures: GateFigures, nowMs: number): Decision | undefined {
  const wave = rollout.passed.length;
  const last = rollout.releases.at(-1);
  if (last === undefined || figures.ended < figures.robots) return undefined;
  const observeMs = rollout.created.plan.gate?.observeMs ?? 0;
  return nowMs < last.atMs + observeMs ? undefined : { kind: 'pass', wave, figures };
}
