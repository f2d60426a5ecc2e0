import { createRobotFold, defaultRobotRules } from '@fleetstream/robot-model';
import { expect, it } from 'vitest';
import { summarizeStates } from './summarize-states.ts';

it('sums robots by status, alerts and robots’ own events', () => {
  const fold = createRobotFold(defaultRobotRules);
  const initial = fold.initial('r-1');
  const state = (status: 'online' | 'offline', errors: number, perType: Record<string, number>) => ({
    robotId: 'r',
    partition: 0,
    state: fold.encodeState({
      ...initial,
      presence: { status, sinceMs: 1, lastSeenMs: 1 },
      errors: Array.from({ length: errors }, (_, index) => ({
        type: `e${index}`,
        level: 'WARNING' as const,
        sinceMs: 1,
        count: 1,
      })),
      counters: { ...initial.counters, perType },
    }),
  });
  const robots = [
    state('online', 2, { 'robot.state.v1': 7, 'fleet.robot-enrolled.v1': 1 }),
    state('offline', 0, { 'robot.telemetry.v1': 3 }),
    state('online', 0, {}),
  ];
  expect(summarizeStates({ robots })).toEqual({
    robots: 3,
    byStatus: new Map([
      ['online', 2],
      ['offline', 1],
    ]),
    openAlerts: 3,
    robotEvents: 10,
  });
});
