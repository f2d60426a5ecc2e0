import { type CommandData, type FleetEvent } from '@fleetstream/contracts';
import { type FoldOutput } from '@fleetstream/kernel';
import { describe, expect, it } from 'vitest';
import { createRobotFold } from './robot-fold.ts';
import { defaultRobotRules } from './robot-rules.ts';

const fold = createRobotFold(defaultRobotRules);
const start = Date.UTC(2026, 0, 1);

type Said = Partial<FleetEvent> & Pick<FleetEvent, 'type' | 'data'>;
type Request = FleetEvent<'fleet.command-requested.v1'>['data'];
type Ack = FleetEvent<'robot.command-ack.v1'>['data'];

const request = (commandId: string, rest: Partial<Request> = {}): Said => ({
  type: 'fleet.command-requested.v1',
  data: { commandId, action: 'move', ...rest },
});
const stop = (commandId: string): Said => request(commandId, { action: 'stop', stop: true });
const cancel = (commandId: string, more: object = {}): Said => ({
  type: 'fleet.command-cancel-requested.v1',
  data: { commandId, ...more },
});
const decide = (commandId: string, decision: 'approved' | 'declined', decidedBy: string): Said => ({
  type: 'fleet.command-decided.v1',
  data: { commandId, decision, decidedBy },
});
const sent = (commandId: string, attempt = 1): Said => ({
  type: 'fleet.delivery.v1',
  data: { commandId, attempt, outcome: 'SENT', channel: 'pull' },
});
const ack = (commandId: string, status: Ack['status'], rest: Partial<Ack> = {}): Said => ({
  type: 'robot.command-ack.v1',
  data: { commandId, status, ...rest },
});
const says = (data: FleetEvent<'robot.state.v1'>['data']): Said => ({ type: 'robot.state.v1', data });

/** Events at log milliseconds after the start; timers fire when they are due, as an engine would have them. */
function told(...moments: readonly (readonly [afterMs: number, said: Said | 'nothing'])[]): string[] {
  let state = fold.initial('agv-1');
  const words: string[] = [];
  const note = (outputs: readonly FoldOutput[]): void => {
    for (const { value } of outputs) {
      if (value === null) continue;
      const { type, data } = JSON.parse(value) as { readonly type: string; readonly data: CommandData };
      if (type !== 'fleet.command.v1') continue;
      words.push([data.commandId, data.verification ?? data.status, data.reason].filter(Boolean).join(' '));
    }
  };
  moments.forEach(([afterMs, said], offset) => {
    const nowMs = start + afterMs;
    for (let due = fold.dueAt(state); due !== undefined && due <= nowMs; due = fold.dueAt(state)) {
      const fired = fold.onTimer(state, 'agv-1', due);
      ({ state } = fired);
      note(fired.outputs);
    }
    if (said === 'nothing') return;
    const event: FleetEvent = { specversion: '1.0', id: `e${offset}`, source: '/robots/agv-1', ...said };
    const step = fold.step(state, event, { partition: 0, offset, nowMs });
    ({ state } = step);
    note(step.outputs);
  });
  return words;
}

const given = ['a ACCEPTED', 'a QUEUED', 'a SENT'];

describe('a stop', () => {
  it('goes ahead of four in flight, and ends what the robot was not given', () => {
    const five = ['a', 'b', 'c', 'd', 'e'].map((id) => [0, request(id)] as const);
    expect(told(...five, [1, sent('a')], [2, stop('s')]).slice(10)).toEqual([
      ...['b', 'c', 'd', 'e'].map((id) => `${id} SUPERSEDED s`),
      's ACCEPTED',
      's QUEUED',
    ]);
  });

  it('leaves it to the robot what became of the command it had', () => {
    expect(told([0, request('a')], [1, sent('a')], [2, stop('s')], [3, ack('a', 'SUPERSEDED')]).slice(3)).toEqual([
      's ACCEPTED',
      's QUEUED',
      'a SUPERSEDED',
    ]);
  });

  it('makes unknown what nobody hands over again, and then settles it', () => {
    const moments = [[0, request('a', { idempotent: true })] as const, [1, sent('a')] as const];
    expect(told(...moments, [19_000, stop('s')], [39_000, 'nothing']).slice(5)).toEqual(['a UNKNOWN no-answer']);
    expect(told(...moments, [19_000, stop('s')], [40_000, ack('a', 'NOT_EXECUTED')]).at(-1)).toBe(
      'a SUPERSEDED not-executed',
    );
  });

  it('lets later commands pass, and none that was meant for the time before it', () => {
    expect(
      told([0, stop('s')], [1, request('a')], [2, request('b', { ifEpoch: 0 })], [3, request('c', { ifEpoch: 1 })]),
    ).toEqual(['s ACCEPTED', 's QUEUED', 'a ACCEPTED', 'a QUEUED', 'b REJECTED epoch-is-1', 'c ACCEPTED', 'c QUEUED']);
  });
});

describe('a cancel', () => {
  it('undoes at once what the robot was not given', () => {
    expect(told([0, request('a')], [1, cancel('a')])).toEqual([
      'a ACCEPTED',
      'a QUEUED',
      'cancel.a ACCEPTED',
      'a CANCELLED cancelled',
      'cancel.a SUCCEEDED cancelled',
    ]);
  });

  it('is given to the robot that has the command, whose word on either settles both', () => {
    const begun = [[0, request('a')] as const, [1, sent('a')] as const, [2, cancel('a')] as const];
    const queued = [...given, 'cancel.a ACCEPTED', 'cancel.a QUEUED'];
    expect(told(...begun, [3, ack('a', 'CANCELLED')])).toEqual([
      ...queued,
      'a CANCELLED',
      'cancel.a SUCCEEDED cancelled',
    ]);
    expect(told(...begun, [3, ack('cancel.a', 'SUCCEEDED')])).toEqual([
      ...queued,
      'a CANCELLED',
      'cancel.a SUCCEEDED cancelled',
    ]);
    expect(told(...begun, [3, ack('a', 'SUCCEEDED')])).toEqual([...queued, 'a SUCCEEDED', 'cancel.a FAILED too-late']);
    expect(told(...begun, [3, ack('cancel.a', 'FAILED')], [4, ack('a', 'SUCCEEDED')])).toEqual([
      ...queued,
      'cancel.a FAILED',
      'a SUCCEEDED',
    ]);
  });

  it('of what was cancelled before has nothing left to do', () => {
    const again = cancel('a', { cancelId: 'again' });
    expect(told([0, request('a')], [1, cancel('a')], [2, again]).slice(-2)).toEqual([
      'again ACCEPTED',
      'again SUCCEEDED cancelled',
    ]);
  });

  it('is too late after the end, and of nobody not active', () => {
    expect(told([0, request('a')], [1, ack('a', 'FAILED')], [2, cancel('a')], [3, cancel('b')]).slice(3)).toEqual([
      'cancel.a ACCEPTED',
      'cancel.a FAILED too-late',
      'cancel.b REJECTED not-active',
    ]);
  });
});

describe('an unknown command', () => {
  const lost = [[0, request('a')] as const, [1, sent('a')] as const, [20_001, 'nothing'] as const];
  const unknown = [...given, 'a UNKNOWN no-answer'];

  it('is settled by the robot, whatever it says came of it', () => {
    expect(told(...lost, [30_000, ack('a', 'SUCCEEDED')])).toEqual([...unknown, 'a SUCCEEDED']);
    expect(told(...lost, [30_000, ack('a', 'RUNNING')], [31_000, ack('a', 'FAILED')])).toEqual([
      ...unknown,
      'a RUNNING',
      'a FAILED',
    ]);
  });

  it('is given out again only when the robot says that it never began it', () => {
    expect(told(...lost, [30_000, ack('a', 'NOT_EXECUTED')])).toEqual([
      ...unknown,
      'a ACCEPTED not-executed',
      'a QUEUED',
    ]);
    expect(told(...lost, [30_000, ack('a', 'NOT_KNOWN')])).toEqual([...unknown, 'a UNKNOWN not-known']);
  });

  it('stays so when the robot speaks of an attempt before, which says nothing of the one that is on its way', () => {
    const again = [...lost, [30_000, ack('a', 'NOT_EXECUTED')], [30_001, sent('a', 2)], [50_001, 'nothing']] as const;
    const of = (rest: Partial<Ack>) =>
      told(...again, [50_002, ack('a', 'NOT_EXECUTED', rest)]).slice(unknown.length + 3);
    expect(of({})).toEqual(['a UNKNOWN no-answer']);
    expect(of({ attempt: 1 })).toEqual(['a UNKNOWN no-answer']);
    expect(of({ attempt: 2 })).toEqual(['a UNKNOWN no-answer', 'a ACCEPTED not-executed', 'a QUEUED']);
  });

  it('that never began is expired when it is not wanted any more', () => {
    const late = told(...lost, [300_000, 'nothing'], [300_001, ack('a', 'NOT_EXECUTED')]);
    expect(late).toEqual([...unknown, 'a EXPIRED not-executed']);
  });

  it('is what becomes of a command that the robot still works on at its deadline', () => {
    expect(
      told(
        [0, request('a')],
        [1, sent('a')],
        [2, ack('a', 'RUNNING')],
        [300_000, 'nothing'],
        [400_000, ack('a', 'SUCCEEDED')],
      ),
    ).toEqual([...given, 'a RUNNING', 'a UNKNOWN deadline', 'a SUCCEEDED']);
  });

  it('can be told of for ten minutes', () => {
    expect(told(...lost, [620_001, 'nothing'], [620_002, ack('a', 'SUCCEEDED')])).toEqual(unknown);
  });
});

describe('a failure', () => {
  const retried = (rest: Partial<Request>, failure: Ack['failure']): string[] =>
    told([0, request('a', rest)], [1, sent('a')], [2, ack('a', 'FAILED', { failure })], [1_002, 'nothing']).slice(3);

  it('before anything began is tried again after a wait', () => {
    expect(retried({ triesMax: 2 }, 'not-started')).toEqual(['a ACCEPTED retry-after-not-started', 'a QUEUED']);
  });

  it('that may pass is tried again only where doing it twice does no harm', () => {
    expect(retried({ triesMax: 2, idempotent: true }, 'transient')).toEqual([
      'a ACCEPTED retry-after-transient',
      'a QUEUED',
    ]);
    expect(retried({ triesMax: 2 }, 'transient')).toEqual(['a FAILED']);
  });

  it('that will not pass is the end, as is the last try', () => {
    expect(retried({ triesMax: 2, idempotent: true }, 'permanent')).toEqual(['a FAILED']);
    expect(retried({ idempotent: true }, 'transient')).toEqual(['a FAILED']);
  });

  it('of an earlier try is stale', () => {
    expect(
      told(
        [0, request('a', { triesMax: 2, idempotent: true })],
        [1, ack('a', 'FAILED', { failure: 'transient', tries: 1 })],
        [1_001, 'nothing'],
        [1_002, ack('a', 'FAILED', { failure: 'permanent', tries: 1 })],
        [1_003, ack('a', 'SUCCEEDED', { tries: 2 })],
      ).slice(2),
    ).toEqual(['a ACCEPTED retry-after-transient', 'a QUEUED', 'a SUCCEEDED']);
  });
});

describe('a task', () => {
  const steps = [[0, request('a')] as const, [0, request('b', { after: { commandId: 'a', on: 'success' } })] as const];

  it('goes on when its step has succeeded, and ends when it has not', () => {
    expect(told(...steps, [1, ack('a', 'SUCCEEDED')]).slice(3)).toEqual(['a SUCCEEDED', 'b QUEUED']);
    expect(told(...steps, [1, ack('a', 'FAILED')]).slice(3)).toEqual(['a FAILED', 'b CANCELLED after-FAILED']);
    expect(told(...steps, [1, cancel('a')]).slice(3)).toEqual([
      'cancel.a ACCEPTED',
      'a CANCELLED cancelled',
      'b CANCELLED after-CANCELLED',
      'cancel.a SUCCEEDED cancelled',
    ]);
  });

  it('may have steps that follow whatever came before', () => {
    const whatever = request('b', { after: { commandId: 'a', on: 'end' } });
    expect(told([0, request('a')], [0, whatever], [1, ack('a', 'FAILED')]).slice(3)).toEqual(['a FAILED', 'b QUEUED']);
    expect(told([0, request('a')], [1, ack('a', 'FAILED')], [2, whatever]).slice(3)).toEqual([
      'b ACCEPTED',
      'b QUEUED',
    ]);
  });

  it('has no step after what nobody knows', () => {
    expect(told([0, request('b', { after: { commandId: 'z', on: 'end' } })])).toEqual(['b REJECTED after-unknown']);
  });
});

describe('what waits', () => {
  it('for a time comes in at that time', () => {
    const later = request('a', { notBeforeMs: start + 500 });
    expect(told([0, later], [499, 'nothing'])).toEqual(['a ACCEPTED']);
    expect(told([0, later], [500, 'nothing'])).toEqual(['a ACCEPTED', 'a QUEUED']);
  });

  it('for the robot comes in when the robot says so', () => {
    const charged = request('a', { when: { path: 'battery.percent', above: 50 } });
    expect(told([0, charged], [1, says({ battery: { percent: 50 } })])).toEqual(['a ACCEPTED']);
    expect(told([0, charged], [1, says({ battery: { percent: 51 } })])).toEqual(['a ACCEPTED', 'a QUEUED']);
  });

  it('for approval comes in when somebody else approves', () => {
    const hazard = request('a', { needsApproval: true, requestedBy: 'ann' });
    expect(told([0, hazard], [1, decide('a', 'approved', 'ann')])).toEqual(['a ACCEPTED']);
    expect(told([0, hazard], [1, decide('a', 'approved', 'bo')])).toEqual([
      'a ACCEPTED',
      'a ACCEPTED approved',
      'a QUEUED',
    ]);
    expect(told([0, hazard], [1, decide('a', 'declined', 'bo')])).toEqual(['a ACCEPTED', 'a REJECTED declined']);
    expect(told([0, hazard], [300_000, 'nothing'])).toEqual(['a ACCEPTED', 'a EXPIRED']);
  });

  it('is refused when what it requires does not hold', () => {
    const automatic = request('a', { require: { path: 'mode', equals: 'AUTOMATIC' } });
    expect(told([0, automatic])).toEqual(['a REJECTED precondition']);
    expect(told([0, says({ mode: 'AUTOMATIC' })], [1, automatic])).toEqual(['a ACCEPTED', 'a QUEUED']);
  });
});

describe('a success', () => {
  const arrival = request('a', { verify: { condition: { path: 'node', equals: 'n7' }, withinMs: 1_000 } });
  const done = [[0, arrival] as const, [1, ack('a', 'SUCCEEDED')] as const];

  it("is verified by the robot's stream, not by its word", () => {
    expect(told(...done, [2, says({ node: 'n6' })], [3, says({ node: 'n7' })]).slice(2)).toEqual([
      'a PENDING',
      'a VERIFIED',
    ]);
  });

  it('has diverged when the stream does not show it in time', () => {
    expect(
      told(...done, [2, says({ node: 'n6' })], [1_001, 'nothing'], [1_002, says({ node: 'n7' })]).slice(2),
    ).toEqual(['a PENDING', 'a DIVERGED']);
  });

  it('is verified at once when the stream has shown it before', () => {
    expect(told([0, says({ node: 'n7' })], ...done).slice(2)).toEqual(['a PENDING', 'a VERIFIED']);
  });
});

it('a delivery that certainly did not happen is due again', () => {
  const notSent: Said = {
    type: 'fleet.delivery.v1',
    data: { commandId: 'a', attempt: 1, outcome: 'NOT_SENT', channel: 'pull' },
  };
  expect(told([0, request('a')], [1, sent('a')], [2, notSent], [3, sent('a', 2)])).toEqual([
    ...given,
    'a QUEUED not-sent',
    'a SENT',
  ]);
});
