import { type ErrorLevel, type RobotStateData } from '@fleetstream/contracts';

/** An error that the robot's latest word says is active. What tells two errors apart is type and level. */
export interface ActiveError {
  readonly type: string;
  readonly level: ErrorLevel;
  readonly description?: string | undefined;
  /** Log time at which it was first reported since it was last clear. */
  readonly sinceMs: number;
  /** States that have reported it since. */
  readonly count: number;
}

export interface ErrorsTransition {
  readonly errors: readonly ActiveError[];
  readonly raised: readonly ActiveError[];
  readonly cleared: readonly ActiveError[];
}

const none: readonly ActiveError[] = [];

/**
 * Errors are edges between whole lists: absent → present is raised, present → absent is cleared, and two warnings with a
 * clean state between them are two. A rise in level clears the one and raises the other. Standing errors keep their
 * places, new ones follow in the order of the report.
 */
export function stepActiveErrors(
  active: readonly ActiveError[],
  reported: NonNullable<RobotStateData['errors']>,
  nowMs: number,
): ErrorsTransition {
  if (active.length === 0 && reported.length === 0) return { errors: active, raised: none, cleared: none };
  const standing: ActiveError[] = [];
  const cleared: ActiveError[] = [];
  for (const error of active) {
    const again = reported.find((one) => isSameError(one, error));
    if (again === undefined) cleared.push(error);
    else standing.push(toActive(again, error.sinceMs, error.count + 1));
  }
  const raised: ActiveError[] = [];
  for (const error of reported) {
    const known = [...active, ...raised].some((one) => isSameError(one, error));
    if (!known) raised.push(toActive(error, nowMs, 1));
  }
  return { errors: [...standing, ...raised], raised, cleared };
}

function isSameError(a: { type: string; level: ErrorLevel }, b: { type: string; level: ErrorLevel }): boolean {
  return a.type === b.type && a.level === b.level;
}

function toActive(
  { type, level, description }: { type: string; level: ErrorLevel; description?: string | undefined },
  sinceMs: number,
  count: number,
): ActiveError {
  return { type, level, ...(description !== undefined && { description }), sinceMs, count };
}
