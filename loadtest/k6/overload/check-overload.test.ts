import { describe, expect, it } from 'vitest';
import { checkOverload, type OverloadFigures } from './check-overload.ts';
import { readPodCounters } from './pod-counters.ts';

const shedNothingUrgent = { telemetry: 20_000, state: 3, reply: 0, safety: 0 };
const good: OverloadFigures = {
  capacity: 1000,
  durationSeconds: 10,
  robots: {
    telemetry: { sent: 29_000, accepted: 9000, retry: 20_000, other: 0 },
    state: { sent: 400, accepted: 397, retry: 3, other: 0 },
    reply: { sent: 300, accepted: 300, retry: 0, other: 0 },
    safety: { sent: 300, accepted: 300, retry: 0, other: 0 },
  },
  pods: { level: 0, accepted: 9997, problems: 400, shed: shedNothingUrgent },
  ...{ arrivalsDropped: 0, urgentMsP50: 800, urgentMsP99: 1900, urgentMsMax: 2000, levelMax: 2, recoverMs: 100 },
  inLog: 9997,
};

function failed(figures: OverloadFigures): string[] {
  return checkOverload(figures, 9997)
    .filter(({ pass }) => !pass)
    .map(({ name }) => name);
}

describe('checkOverload', () => {
  it('takes a run in which only telemetry and states were shed', () => {
    expect(failed(good)).toEqual([]);
  });

  it.each([
    {
      name: 'one safety event told to come again',
      wrong: { robots: { ...good.robots, safety: { sent: 300, accepted: 299, retry: 1, other: 0 } } },
      fails: ['safety: not accepted, as robots were told', 'accepted: pods less robots'],
    },
    {
      name: 'a reply that a pod shed',
      wrong: { pods: { ...good.pods, shed: { ...shedNothingUrgent, reply: 1 } } },
      fails: ['reply: shed, as pods say'],
    },
    {
      name: 'an overload that was none',
      wrong: { capacity: 1200 },
      fails: ['offered, of capacity'],
    },
    {
      name: 'events that were acknowledged and are gone',
      wrong: { inLog: 9996 },
      fails: ['accepted and not in the log'],
    },
    {
      name: 'a pod that stopped working',
      wrong: { capacity: 900, pods: { ...good.pods, accepted: 5000 } },
      fails: ['accepted: pods less robots'],
    },
  ])('finds $name', ({ wrong, fails }) => {
    expect(failed({ ...good, ...wrong })).toEqual(fails);
  });
});

it('pods are read together, each class by its label', () => {
  const pod = [
    'fleetstream_webhook_pressure_level 1',
    'fleetstream_webhook_events_total{result="accepted",reason="none"} 5',
    'fleetstream_webhook_events_total{result="retry",reason="FS_OVERLOADED"} 7',
    'fleetstream_webhook_shed_events_total{rank="telemetry",reason="FS_OVERLOADED"} 7',
    'fleetstream_webhook_problems_total{code="FS_OVERLOADED"} 2',
  ].join('\n');
  expect(readPodCounters([pod, pod.replace('level 1', 'level 2')])).toEqual({
    ...{ level: 2, accepted: 10, problems: 4 },
    shed: { telemetry: 14, state: 0, reply: 0, safety: 0 },
  });
});
