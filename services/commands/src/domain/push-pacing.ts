/** How long to leave alone who did not take what was posted. */
export interface PushPacing {
  /** Whether the robot, and the target that it shares with others, may be posted to now. */
  mayPush(robotId: string, target: string, monotonicMs: number): boolean;
  /** Of a target that is left alone one robot at a time tries again. */
  began(target: string, monotonicMs: number): void;
  succeeded(robotId: string, target: string): void;
  /** @param retryAfterMs what the target asked for; it is not posted to before, for any robot */
  failed(robotId: string, target: string, monotonicMs: number, retryAfterMs?: number): void;
  /** Targets that are left alone now. */
  openTargets(monotonicMs: number): number;
}

/** Waits double from `base` to `max`; the real one is drawn between 0 and that (full jitter), so that a fleet spreads. */
const waitMs = { base: 1_000, max: 60_000 } as const;
/** Longer than this nobody is waited for, whatever it asks. */
const retryAfterMsMax = 600_000;
/** In a row, from any of its robots: then the breaker before the target opens. */
const failuresToOpen = 5;
/** Robots and targets with failures that are remembered; the oldest is forgotten, and tried at once. */
const rememberedMax = 10_000;

interface Trouble {
  readonly failures: number;
  readonly notBeforeMs: number;
}

/** @param random in [0, 1) */
export function createPushPacing(random: () => number): PushPacing {
  const robots = new Map<string, Trouble>();
  const targets = new Map<string, Trouble>();
  const draw = (failures: number) => random() * Math.min(waitMs.max, waitMs.base * 2 ** Math.min(failures - 1, 16));
  const isOpen = (trouble: Trouble | undefined, nowMs: number) => trouble !== undefined && nowMs < trouble.notBeforeMs;
  return {
    mayPush: (robotId, target, nowMs) => !isOpen(robots.get(robotId), nowMs) && !isOpen(targets.get(target), nowMs),
    began: (target, nowMs) => {
      const trouble = targets.get(target);
      // Half open: whoever comes first tries for all; the others wait for what comes of it.
      if (trouble !== undefined && trouble.failures >= failuresToOpen) {
        targets.set(target, { ...trouble, notBeforeMs: Math.max(trouble.notBeforeMs, nowMs + waitMs.base) });
      }
    },
    succeeded: (robotId, target) => {
      robots.delete(robotId);
      targets.delete(target);
    },
    failed: (robotId, target, nowMs, retryAfterMs = 0) => {
      const askedMs = nowMs + Math.min(retryAfterMs, retryAfterMsMax);
      const ofRobot = (robots.get(robotId)?.failures ?? 0) + 1;
      remember(robots, robotId, { failures: ofRobot, notBeforeMs: Math.max(askedMs, nowMs + draw(ofRobot)) });
      const ofTarget = (targets.get(target)?.failures ?? 0) + 1;
      const openMs = ofTarget < failuresToOpen ? 0 : draw(ofTarget - failuresToOpen + 1);
      remember(targets, target, { failures: ofTarget, notBeforeMs: Math.max(askedMs, nowMs + openMs) });
    },
    openTargets: (nowMs) => [...targets.values()].filter((trouble) => isOpen(trouble, nowMs)).length,
  };
}

function remember(troubles: Map<string, Trouble>, key: string, trouble: Trouble): void {
  troubles.delete(key);
  troubles.set(key, trouble);
  const oldest = troubles.size > rememberedMax ? troubles.keys().next().value : undefined;
  if (oldest !== undefined) troubles.delete(oldest);
}
