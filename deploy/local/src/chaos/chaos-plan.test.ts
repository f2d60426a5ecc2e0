import { describe, expect, it } from 'vitest';
import { planChaos } from './chaos-plan.ts';

const plan = (seed: number, runForMs: number) => [...planChaos(seed, runForMs)];
const endMs = (actions: readonly { afterMs: number }[]) => actions.reduce((sum, { afterMs }) => sum + afterMs, 0);

describe('planChaos', () => {
  it.each([30_000, 60_000, 600_000])(
    'in a run of %i ms kills both kinds in turn, and leaves the end quiet',
    (runForMs) => {
      const actions = plan(1, runForMs);
      expect(actions.map(({ victim }) => victim)).toEqual(
        actions.map((_, index) => (index % 2 === 0 ? 'webhook' : 'processor')),
      );
      expect(endMs(actions)).toBeLessThanOrEqual(runForMs - 10_000);
    },
  );

  it.each([1, 2, 3, 4, 5])('in a minute kills each kind three times and deletes one state, with seed %i', (seed) => {
    const actions = plan(seed, 60_000);
    expect(actions.filter(({ victim }) => victim === 'webhook').length).toBeGreaterThanOrEqual(3);
    expect(actions.filter(({ victim }) => victim === 'processor').length).toBeGreaterThanOrEqual(3);
    expect(actions.filter(({ deleteState }) => deleteState)).toHaveLength(1);
  });

  it('is the same for the same seed and another for another', () => {
    expect(plan(7, 60_000)).toEqual(plan(7, 60_000));
    expect(plan(7, 60_000)).not.toEqual(plan(8, 60_000));
  });

  it('does nothing in a run that is too short to recover in', () => {
    expect(plan(1, 15_000)).toEqual([]);
  });
});
