import { toColumns } from './to-columns.ts';

/** A rollout as the command service tells it, as far as it is shown. */
export interface ShownRollout {
  readonly rolloutId: string;
  readonly phase: string;
  readonly action?: string;
  readonly robots: number;
  readonly asked: number;
  readonly requestedBy?: string;
  readonly createdAtMs?: number;
  readonly counts?: Readonly<Record<string, number>>;
  readonly waves?: number | readonly ShownWave[];
  readonly end?: { readonly reason?: string };
}

interface ShownWave {
  readonly wave: number;
  readonly robots: number;
  readonly asked: number;
  readonly phase: string;
  readonly figures?: {
    readonly succeeded?: number;
    readonly failed?: number;
    readonly diverged?: number;
    readonly raisedErrors?: number;
  };
}

/** One line per rollout, in columns. */
export function toRolloutTable(rollouts: readonly ShownRollout[]): string[] {
  return toColumns(
    ['ROLLOUT', 'ACTION', 'PHASE', 'ASKED', 'ROBOTS', 'CREATED (UTC)', 'BY'],
    rollouts.map(({ rolloutId, action = '-', phase, asked, robots, createdAtMs, requestedBy = '-' }) => [
      ...[rolloutId, action, phase, String(asked), String(robots)],
      createdAtMs === undefined ? '-' : new Date(createdAtMs).toISOString().slice(0, 19).replace('T', ' '),
      requestedBy,
    ]),
  );
}

/** How it stands: robots by status, and a line for each wave with what its gate sees. */
export function toRolloutLines(rollout: ShownRollout): string[] {
  const { rolloutId, action = '', phase, asked, robots, counts = {}, waves, end } = rollout;
  const why = end?.reason === undefined ? '' : ` (${end.reason})`;
  const stands = Object.entries(counts).map(([status, count]) => `${count} ${status}`);
  const listed = typeof waves === 'object' ? waves : [];
  return [
    `${rolloutId}  ${action}  ${phase}${why}  ${asked} of ${robots} asked`,
    ...(stands.length === 0 ? [] : [`  ${stands.join(', ')}`]),
    ...toColumns(
      ['  WAVE', 'PHASE', 'ASKED', 'ROBOTS', 'SUCCEEDED', 'FAILED', 'DIVERGED', 'ERRORS'],
      listed.map(({ wave, figures = {}, ...one }) => [
        ...[`  ${wave}`, one.phase, String(one.asked), String(one.robots), String(figures.succeeded ?? 0)],
        ...[String(figures.failed ?? 0), String(figures.diverged ?? 0), String(figures.raisedErrors ?? 0)],
      ]),
    ),
  ];
}
