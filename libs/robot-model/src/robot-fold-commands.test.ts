import { type CommandData, type FleetEvent, outputEventSchemas } from '@fleetstream/contracts';
import { describe, expect, it } from 'vitest';
import { fold, foldMoments, type Moment, type Said, start } from '../test/run-robot-fold.ts';
import { type RobotState } from './robot-state.ts';

const request = (commandId: string, rest: Partial<FleetEvent<'fleet.command-requested.v1'>['data']> = {}): Said => ({
  type: 'fleet.command-requested.v1',
  data: { commandId, action: 'move', ...rest },
});
const ack = (commandId: string, status: FleetEvent<'robot.command-ack.v1'>['data']['status'], rest = {}): Said => ({
  type: 'robot.command-ack.v1',
  data: { commandId, status, ...rest },
});
const delivery = (commandId: string, outcome: FleetEvent<'fleet.delivery.v1'>['data']['outcome']): Said => ({
  type: 'fleet.delivery.v1',
  data: { commandId, attempt: 1, outcome, channel: 'pull' },
});
const doing = (
  id: string,
  status: NonNullable<FleetEvent<'robot.state.v1'>['data']['actions']>[number]['status'],
  rest: Partial<FleetEvent> = {},
): Said => ({ ...rest, type: 'robot.state.v1', data: { actions: [{ id, status, result: 'r' }] } });
const heard: Said = { type: 'robot.telemetry.v1', data: { metrics: {} } };

interface OutputEvent {
  readonly id: string;
  readonly type: keyof typeof outputEventSchemas;
  readonly data: unknown;
}

interface Run {
  readonly state: RobotState;
  readonly outputs: OutputEvent[];
  readonly commands: CommandData[];
  /** Every transition in a word or two, an alert by its name. */
  readonly told: string[];
}

function run(moments: readonly Moment[]): Run {
  const { state, outputs: records } = foldMoments(moments);
  const outputs = records.map(({ value }) => JSON.parse(value ?? '') as OutputEvent);
  const commands = outputs.filter(({ type }) => type === 'fleet.command.v1').map(({ data }) => data as CommandData);
  return { state, outputs, commands, told: outputs.map(tell).filter((word) => word !== '') };
}

function tell({ type, data }: OutputEvent): string {
  const { alert, commandId, status } = data as { alert: string; commandId: string; status: string };
  if (type === 'fleet.robot-state.v1') return '';
  return type === 'fleet.alert.v1' ? alert : `${commandId} ${status}`;
}

describe('a command', () => {
  it.each<{ name: string; when: readonly Moment[]; told: string[] }>([
    {
      name: 'goes its whole way',
      when: [
        [0, request('a')],
        [1, delivery('a', 'SENT')],
        [2, delivery('a', 'DELIVERED')],
        [3, ack('a', 'ACKED')],
        [4, ack('a', 'RUNNING')],
        [5, ack('a', 'SUCCEEDED')],
      ],
      told: ['a ACCEPTED', 'a QUEUED', 'a SENT', 'a DELIVERED', 'robot-online', 'a ACKED', 'a RUNNING', 'a SUCCEEDED'],
    },
    {
      name: "is settled by the robot's own state, though no delivery was ever seen",
      when: [
        [0, request('a')],
        [1, doing('a', 'WAITING')],
        [2, doing('a', 'INITIALIZING')],
        [3, doing('a', 'RUNNING')],
        [4, doing('a', 'FINISHED')],
        [5, delivery('a', 'DELIVERED')],
      ],
      told: ['a ACCEPTED', 'a QUEUED', 'robot-online', 'a ACKED', 'a RUNNING', 'a SUCCEEDED'],
    },
    {
      name: 'fails when its action fails',
      when: [
        [0, request('a')],
        [1, doing('a', 'FAILED')],
      ],
      told: ['a ACCEPTED', 'a QUEUED', 'robot-online', 'a FAILED'],
    },
    {
      name: 'is settled by a late state too',
      when: [
        [0, request('a')],
        [1, doing('other', 'RUNNING', { sequence: 5, bootid: 'b' })],
        [2, doing('a', 'FINISHED', { sequence: 4, bootid: 'b' })],
      ],
      told: ['a ACCEPTED', 'a QUEUED', 'robot-online', 'a SUCCEEDED'],
    },
    {
      name: 'that is requested again has no second effect, also after its end',
      when: [
        [0, request('a')],
        [1, request('a')],
        [2, ack('a', 'SUCCEEDED')],
        [3, request('a')],
      ],
      told: ['a ACCEPTED', 'a QUEUED', 'robot-online', 'a SUCCEEDED'],
    },
    {
      name: 'expires when the robot was not given it in time',
      when: [
        [0, request('a', { expiresInMs: 5_000 })],
        [1, request('b', { expiresInMs: 10_000 })],
        [5_000, 'timer'],
        [10_001, 'timer'],
      ],
      told: ['a ACCEPTED', 'a QUEUED', 'b ACCEPTED', 'b QUEUED', 'a EXPIRED', 'b EXPIRED'],
    },
    {
      name: 'does not expire before its time',
      when: [
        [0, request('a', { expiresInMs: 5_000 })],
        [4_999, 'timer'],
      ],
      told: ['a ACCEPTED', 'a QUEUED'],
    },
    {
      name: 'waits while four are in flight, and comes in when one expires',
      when: [
        [0, request('a', { expiresInMs: 5_000 })],
        ...['b', 'c', 'd', 'e'].map((id): Moment => [0, request(id)]),
        [5_000, 'timer'],
      ],
      told: [
        ...['a', 'b', 'c', 'd'].flatMap((id) => [`${id} ACCEPTED`, `${id} QUEUED`]),
        'e ACCEPTED',
        'a EXPIRED',
        'e QUEUED',
      ],
    },
  ])('$name', ({ when, told }) => {
    expect(run(when).told).toEqual(told);
  });

  it('is told of with all that a deliverer needs', () => {
    const { outputs, commands } = run([
      [0, request('a', { parameters: { to: 'n7' }, requestedBy: 'ann', reason: 'tidy', expiresInMs: 60_000 })],
      [7, delivery('a', 'SENT')],
      [8, ack('a', 'FAILED', { reason: 'blocked', result: 'half' })],
    ]);
    const whole = {
      commandId: 'a',
      robotId: 'agv-1',
      action: 'move',
      parameters: { to: 'n7' },
      requestedBy: 'ann',
      requestedAtMs: start,
      expiresAtMs: start + 60_000,
      deliver: false,
      epoch: 0,
    };
    expect(commands).toEqual([
      { ...whole, status: 'ACCEPTED', atMs: start, by: 'ann', reason: 'tidy', eventId: 'e0' },
      { ...whole, status: 'QUEUED', previousStatus: 'ACCEPTED', atMs: start, deliver: true, eventId: 'e0' },
      { ...whole, status: 'SENT', previousStatus: 'QUEUED', atMs: start + 7, attempt: 1, eventId: 'e1' },
      {
        ...whole,
        status: 'FAILED',
        previousStatus: 'SENT',
        atMs: start + 8,
        attempt: 1,
        reason: 'blocked',
        result: 'half',
        eventId: 'e2',
      },
    ]);
    expect(outputs.map(({ id, type }) => `${id} ${type}`)).toEqual([
      '2-0-0 fleet.command.v1',
      '2-0-1 fleet.command.v1',
      '2-1-0 fleet.command.v1',
      '2-2-0 fleet.alert.v1',
      '2-2-1 fleet.command.v1',
      '2-2-2 fleet.robot-state.v1',
    ]);
    for (const { type, data } of outputs) {
      expect(outputEventSchemas[type].strict().safeParse(data).error?.issues).toBeUndefined();
    }
  });

  it('beyond the sixty-fourth open one is rejected', () => {
    const ids = Array.from({ length: 65 }, (_, at) => `c${at}`);
    const { commands, state } = run(ids.map((id): Moment => [0, request(id)]));
    expect(commands.at(-1)).toMatchObject({ commandId: 'c64', status: 'REJECTED', reason: 'queue-full' });
    expect(state.commands?.open.length).toBe(64);
  });
});

it('what is due at the same millisecond is one step, whose outputs are numbered together', () => {
  const { outputs, state } = run([
    [0, heard],
    [0, request('a', { expiresInMs: 30_000 })],
    [0, request('b', { expiresInMs: 30_000 })],
    [30_000, 'timer'],
  ]);
  expect(outputs.filter(({ id }) => id.includes('@')).map(({ id, type }) => `${id} ${type}`)).toEqual([
    `agv-1@${start + 30_000}-0 fleet.alert.v1`,
    `agv-1@${start + 30_000}-1 fleet.command.v1`,
    `agv-1@${start + 30_000}-2 fleet.command.v1`,
    `agv-1@${start + 30_000}-3 fleet.robot-state.v1`,
  ]);
  expect(fold.dueAt(state)).toBeUndefined();
});

it('timers are due in the order of their times, each at its own', () => {
  const moments: Moment[] = [
    [0, heard],
    [0, request('a', { expiresInMs: 40_000 })],
    [0, request('b', { expiresInMs: 20_000 })],
  ];
  const due: (number | undefined)[] = [];
  for (const afterMs of [20_000, 30_000, 40_000]) {
    due.push(fold.dueAt(run(moments).state));
    moments.push([afterMs, 'timer']);
  }
  expect(due).toEqual([start + 20_000, start + 30_000, start + 40_000]);
  expect(run(moments).told.slice(-3)).toEqual(['b EXPIRED', 'robot-offline', 'a EXPIRED']);
});

it('an action that a state only repeats is no contradiction, one that is new is', () => {
  const after = (...moments: Moment[]): number | undefined =>
    run([[0, request('a')], [1, ack('a', 'REJECTED')], ...moments]).state.commands?.counters.contradictions;
  expect(after([2, doing('a', 'RUNNING')])).toBe(1);
  expect(after([2, doing('a', 'RUNNING')], [3, doing('a', 'RUNNING')])).toBe(1);
  expect(after([2, doing('a', 'RUNNING')], [3, doing('a', 'FINISHED')])).toBe(2);
});

it('late word that is behind is no contradiction', () => {
  const at = (sequence: number): Pick<FleetEvent, 'sequence' | 'bootid'> => ({ sequence, bootid: 'b' });
  const { state } = run([
    [0, request('a')],
    [1, { ...ack('a', 'SUCCEEDED'), ...at(9) }],
    [2, { ...ack('a', 'RUNNING'), ...at(7) }],
    [3, doing('a', 'RUNNING', at(8))],
  ]);
  expect(state.commands?.counters).toMatchObject({ requested: 1, contradictions: 0 });
});

it('a command is requested no earlier than the time that the robot has seen', () => {
  const { commands } = run([
    [100, heard],
    [50, request('a', { expiresInMs: 1_000 })],
  ]);
  expect(commands[0]).toMatchObject({ requestedAtMs: start + 100, expiresAtMs: start + 1_100 });
});

it('commands are not part of the published state, and a robot without any has no trace of them', () => {
  const { state, outputs } = run([
    [0, heard],
    [1, doing('x', 'RUNNING')],
  ]);
  expect(state.commands).toBeUndefined();
  expect(fold.encodeState(state)).not.toContain('commands');
  expect(run([[0, request('a')]]).outputs.every(({ type }) => type === 'fleet.command.v1')).toBe(true);
  expect(outputs.length).toBe(3);
});
