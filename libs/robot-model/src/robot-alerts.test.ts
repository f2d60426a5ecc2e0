import { describe, expect, it } from 'vitest';
import { at, collision, enrolled, type Moment, run, start, state, telemetry } from '../test/run-robot-fold.ts';

describe('alerts', () => {
  it.each<{ name: string; when: readonly Moment[]; told: string[] }>([
    { name: 'the first sign of life is online', when: [[0, telemetry(1)]], told: ['robot-online', 'state 1'] },
    {
      name: 'silence up to the limit is offline',
      when: [
        [0, telemetry(1)],
        [30_000, 'timer'],
      ],
      told: ['robot-online', 'state 1', 'robot-offline', 'state 2'],
    },
    {
      name: 'a timer that comes too early does nothing',
      when: [
        [0, telemetry(1)],
        [29_999, 'timer'],
      ],
      told: ['robot-online', 'state 1'],
    },
    {
      name: 'a robot that is back is online again',
      when: [
        [0, telemetry(1)],
        [30_000, 'timer'],
        [31_000, telemetry(1)],
      ],
      told: ['robot-online', 'state 1', 'robot-offline', 'state 2', 'robot-online', 'state 3'],
    },
    { name: "the platform's events are no sign of life", when: [[0, enrolled({ name: 'Ann' })]], told: ['state 1'] },
    {
      name: 'a broken connection is offline at once',
      when: [
        [0, telemetry(1)],
        [10, state({ connection: 'CONNECTION_BROKEN' })],
      ],
      told: ['robot-online', 'state 1', 'robot-offline', 'state 2'],
    },
    {
      name: 'a farewell that was overtaken is none',
      when: [
        [0, telemetry(1, at(5))],
        [10, state({ connection: 'OFFLINE' }, at(4))],
      ],
      told: ['robot-online', 'state 1'],
    },
    {
      name: 'two warnings with a clean state between them are two',
      when: [
        [0, state({ errors: [collision] })],
        [1, state({ errors: [collision] })],
        [2, state({ errors: [] })],
        [3, state({ errors: [collision] })],
      ],
      told: [
        'robot-online',
        'error-raised COLLISION',
        'state 1',
        'error-cleared COLLISION',
        'state 2',
        'error-raised COLLISION',
        'state 3',
      ],
    },
    {
      name: 'a state without errors leaves them as they are',
      when: [
        [0, state({ errors: [collision] })],
        [1, state({ driving: true })],
      ],
      told: ['robot-online', 'error-raised COLLISION', 'state 1', 'state 2'],
    },
    {
      name: 'a late state raises nothing',
      when: [
        [0, state({}, at(5))],
        [1, state({ errors: [collision] }, at(4))],
      ],
      told: ['robot-online', 'state 1'],
    },
    {
      name: "the robot's own alerts pass, late ones too",
      when: [
        [0, telemetry(1, at(5))],
        [1, { ...at(4), type: 'robot.alert.v1', data: { code: 'bump', level: 'WARNING' } }],
      ],
      told: ['robot-online', 'state 1', 'robot-alert bump'],
    },
  ])('$name', ({ when, told }) => {
    expect(run(when).told).toEqual(told);
  });

  it('say who, when, why and which event', () => {
    const { outputs } = run([
      [0, telemetry(1)],
      [30_000, 'timer'],
    ]);
    expect(JSON.parse(outputs[2]?.value ?? '')).toEqual({
      specversion: '1.0',
      id: `agv-1@${start + 30_000}-0`,
      source: '/fleet/robot-model',
      type: 'fleet.alert.v1',
      subject: 'agv-1',
      time: '2026-01-01T00:00:30.000Z',
      data: {
        alert: 'robot-offline',
        robotId: 'agv-1',
        atMs: start + 30_000,
        reason: 'silence',
        lastSeenMs: start,
        sinceMs: start,
      },
    });
    expect(JSON.parse(outputs[1]?.value ?? '')).toMatchObject({ id: '2-0-1', type: 'fleet.robot-state.v1' });
  });
});
