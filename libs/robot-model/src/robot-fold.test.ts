import { outputEventSchemas } from '@fleetstream/contracts';
import { describe, expect, it } from 'vitest';
import {
  at,
  collision,
  enrolled,
  fold,
  type Moment,
  run,
  type Said,
  start,
  state,
  telemetry,
} from '../test/run-robot-fold.ts';
import { noMetrics } from './metrics.ts';
import { nothingReported } from './reported.ts';
import { defaultRobotRules } from './robot-rules.ts';

describe('published states', () => {
  const pose = (x: number, map = 'hall') => ({ pose: { x, y: 0, map } });
  const first: Moment = [0, state({ battery: { percent: 50.9, charging: false }, ...pose(0) })];
  it.each<{ name: string; when: Said; afterMs?: number; published: boolean }>([
    { name: 'the same again', when: state({ battery: { percent: 50.9, charging: false } }), published: false },
    {
      name: 'a battery within the same per cent',
      when: state({ battery: { percent: 50.1, charging: false } }),
      published: false,
    },
    {
      name: 'a battery at the next whole per cent',
      when: state({ battery: { percent: 49.9, charging: false } }),
      published: true,
    },
    { name: 'a charger', when: state({ battery: { percent: 50.9, charging: true } }), published: true },
    { name: 'a pose within the second', when: state(pose(1)), afterMs: 999, published: false },
    { name: 'a pose after a second', when: state(pose(1)), afterMs: 1_000, published: true },
    { name: 'another map', when: state(pose(0, 'yard')), published: true },
    { name: 'a mode', when: state({ mode: 'MANUAL' }), published: true },
    { name: 'a node', when: state({ node: 'n2' }), published: true },
    { name: 'driving', when: state({ driving: true }), published: true },
    { name: 'an emergency stop', when: state({ safety: { emergencyStop: 'MANUAL' } }), published: true },
    { name: 'a load', when: state({ load: [{ id: 'l' }] }), published: true },
    { name: 'a task', when: { type: 'robot.task.v1', data: { id: 't', status: 'RUNNING' } }, published: true },
    { name: 'an action', when: state({ actions: [{ id: 'a', status: 'RUNNING' }] }), published: true },
    { name: 'velocity', when: state({ velocity: { linearMps: 1 } }), published: false },
    { name: 'a metric', when: telemetry(1), published: false },
    { name: 'an identity', when: enrolled({ name: 'Ann' }), published: true },
    { name: 'a retirement', when: { type: 'fleet.robot-retired.v1', data: {} }, published: true },
    {
      name: 'a command request',
      when: { type: 'fleet.command-requested.v1', data: { commandId: 'c', action: 'stop' } },
      published: false,
    },
  ])('$name: $published', ({ when, afterMs = 10, published }) => {
    const { told } = run([first, [afterMs, when]]);
    expect(told.includes('state 2')).toBe(published);
  });

  it('a pose that had to wait follows with the next event that is a second away', () => {
    expect(run([first, [500, state(pose(1))], [1_000, telemetry(1)]]).told).toEqual([
      'robot-online',
      'state 1',
      'state 2',
    ]);
  });

  it('a published pose is not published again', () => {
    expect(run([first, [1_000, state(pose(1))], [2_500, telemetry(1)]]).told).toEqual([
      'robot-online',
      'state 1',
      'state 2',
    ]);
  });

  it('a state that says the same in new objects is not published again', () => {
    const same = (): Said =>
      state({
        safety: { emergencyStop: 'NONE' },
        load: [{ id: 'l' }],
        task: { id: 't', step: '1' },
        actions: [{ id: 'a', status: 'RUNNING' }],
      });
    expect(
      run([
        [0, same()],
        [2_000, same()],
      ]).told,
    ).toEqual(['robot-online', 'state 1']);
  });

  it('hold what is known and nothing of what deduplication needs', () => {
    const { outputs } = run([
      [0, enrolled({ name: 'Ann', site: 's' })],
      [5, state({ mode: 'AUTOMATIC', node: 'n1', errors: [collision] })],
    ]);
    const { data } = JSON.parse(outputs.at(-1)?.value ?? '') as { data: unknown };
    expect(data).toEqual({
      robotId: 'agv-1',
      revision: 2,
      atMs: start + 5,
      name: 'Ann',
      site: 's',
      presence: { status: 'online', sinceMs: start + 5, lastSeenMs: start + 5 },
      mode: 'AUTOMATIC',
      node: 'n1',
      errors: [{ ...collision, sinceMs: start + 5 }],
    });
  });

  it('fit their schemas', () => {
    const { outputs } = run([
      first,
      [1, state({ errors: [collision], load: [{ id: 'l' }], task: { id: 't' } })],
      [2, state({ errors: [] })],
      [30_002, 'timer'],
    ]);
    for (const { value } of outputs) {
      const { type, data } = JSON.parse(value ?? '') as { type: keyof typeof outputEventSchemas; data: unknown };
      expect(outputEventSchemas[type].strict().safeParse(data).error?.issues).toBeUndefined();
    }
  });
});

describe('the state', () => {
  it('counts a duplicate, hears of the robot by it, and changes nothing else', () => {
    const once = run([[0, telemetry(1, at(1))]]).state;
    const twice = run([
      [0, telemetry(1, at(1))],
      [500, telemetry(7, at(1))],
    ]).state;
    expect(twice).toEqual({
      ...once,
      presence: { ...once.presence, lastSeenMs: start + 500 },
      counters: { ...once.counters, duplicates: 1 },
      lastLogTimeMs: start + 500,
    });
  });

  it('finds duplicates by id when there is no sequence, or no boot that it belongs to', () => {
    expect(
      run([
        [0, telemetry(1, { id: 'x' })],
        [1, telemetry(1, { id: 'x' })],
      ]).state.counters,
    ).toMatchObject({ events: 1, duplicates: 1 });
    expect(
      run([
        [0, telemetry(1, { sequence: 1 })],
        [1, telemetry(1, { sequence: 1 })],
      ]).state.counters,
    ).toMatchObject({ events: 2, duplicates: 0 });
  });

  it('keeps newer values when an older event comes late', () => {
    const late = run([
      [0, state({ mode: 'AUTOMATIC' }, at(1))],
      [1, state({ mode: 'MANUAL' }, at(3))],
      [2, state({ mode: 'SERVICE' }, at(2))],
    ]).state;
    expect(late.reported.mode).toBe('MANUAL');
    expect(late.counters).toMatchObject({ events: 3, late: 1, perType: { 'robot.state.v1': 3 } });
  });

  it('knows how far the clock of the robot is off, and takes nothing else from it', () => {
    const { state: known } = run([
      [0, telemetry(1, { time: '2025-12-31T23:59:00Z' })],
      [5, telemetry(1, { time: 'soon' })],
    ]);
    expect(known.clockOffsetMs).toBe(60_000);
    expect(known.presence.lastSeenMs).toBe(start + 5);
  });

  it('never lets now run back', () => {
    const { state: known } = run([
      [100, telemetry(1)],
      [50, telemetry(2)],
    ]);
    expect(known.presence.lastSeenMs).toBe(start + 100);
    expect(known.metrics.byName['v']?.lastMs).toBe(start + 100);
  });

  it('lets now be no earlier than the timer that fired last', () => {
    const { state: known } = run([
      [0, telemetry(1)],
      [30_000, 'timer'],
      [29_000, telemetry(2)],
    ]);
    expect(known.presence).toEqual({ status: 'online', sinceMs: start + 30_000, lastSeenMs: start + 30_000 });
  });

  it('does not part again from a robot whose farewell is delivered twice', () => {
    const farewell = state({ connection: 'OFFLINE' }, at(1));
    const { state: known } = run([
      [0, farewell],
      [1, telemetry(1, at(2))],
      [2, farewell],
    ]);
    expect(known.presence).toEqual({ status: 'online', sinceMs: start + 1, lastSeenMs: start + 1 });
  });

  it('has equal counters as equal texts, whichever type came first', () => {
    const one = run([
      [0, telemetry(1)],
      [1, state({})],
    ]).state.counters;
    const other = run([
      [0, state({})],
      [1, telemetry(1)],
    ]).state.counters;
    expect(JSON.stringify(one)).toBe(JSON.stringify(other));
  });

  it('clears what is said to be none', () => {
    const { state: known } = run([
      [0, state({ node: 'n', task: { id: 't' } })],
      [1, state({ node: '', task: { id: '' } })],
    ]);
    expect(known.reported.node).toBeUndefined();
    expect(known.reported.task).toBeUndefined();
  });

  it('joins what states and task events say of a task', () => {
    const { state: known } = run([
      [0, state({ task: { id: 't', step: '1' } })],
      [1, { type: 'robot.task.v1', data: { id: 't', status: 'RUNNING', type: 'move' } }],
      [2, state({ task: { id: 't', step: '2' } })],
    ]);
    expect(known.reported.task).toEqual({ id: 't', step: '2', status: 'RUNNING', type: 'move' });
  });

  it('puts a retired robot back into service when it is enrolled again', () => {
    const { state: known } = run([
      [0, enrolled({ name: 'Ann' })],
      [1, { type: 'fleet.robot-retired.v1', data: { reason: 'old' } }],
      [2, enrolled({ site: 's' })],
    ]);
    expect(known.identity).toMatchObject({ name: undefined, site: 's', retired: false, retiredReason: undefined });
  });

  it('begins clean when it is enrolled again: nothing of before, but what was counted and is deduplicated by', () => {
    const { state: known, told } = run([
      [0, state({ mode: 'AUTOMATIC', errors: [collision] }, at(1))],
      [1, telemetry(7)],
      [2, { type: 'fleet.robot-retired.v1', data: {} }],
      [3, enrolled({ name: 'Ben' })],
      [4, state({ mode: 'MANUAL' }, at(1))],
    ]);
    expect(known).toMatchObject({ reported: nothingReported, errors: [], metrics: noMetrics });
    expect(known.counters).toMatchObject({ events: 4, duplicates: 1 });
    expect(told.slice(-2)).toEqual(['error-cleared COLLISION', 'state 3']);
  });

  it('ends the state of a retired robot when nothing has come of it for long enough, and leaves a tombstone', () => {
    const kept = defaultRobotRules.retiredKeptMs;
    const { state: known, outputs } = run([
      [0, state({ mode: 'AUTOMATIC' })],
      [1, { type: 'fleet.robot-retired.v1', data: {} }],
      [30_000, 'timer'],
    ]);
    expect(known.presence.status).toBe('offline');
    const dueMs = fold.dueAt(known);
    expect(dueMs).toBe(start + 30_000 + kept);
    const ended = fold.onTimer(known, 'agv-1', start + 30_000 + kept);
    expect(ended).toMatchObject({ ended: true, outputs: [{ topic: 'fleet.states', key: 'agv-1', value: null }] });
    expect(outputs.every(({ value }) => value !== null)).toBe(true);
  });

  it('keeps the state of a retired robot that goes on talking, and lets its commands come to their end first', () => {
    const requested: Said = {
      type: 'fleet.command-requested.v1',
      data: { commandId: 'c', action: 'stop', expiresInMs: 60_000 },
    };
    const retired: Said = { type: 'fleet.robot-retired.v1', data: {} };
    const { state: known } = run([
      [0, requested],
      [1, retired],
    ]);
    expect(fold.dueAt(known)).toBe(start + 60_000);
    const later = run([
      [0, retired],
      [5000, state({ mode: 'MANUAL' })],
      [35_000, 'timer'],
    ]);
    expect(fold.dueAt(later.state)).toBe(start + 35_000 + defaultRobotRules.retiredKeptMs);
  });
});
