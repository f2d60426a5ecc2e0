import {
  commandAckStatuses,
  commandPriorities,
  type Condition,
  deliveryChannels,
  deliveryOutcomes,
  failureClasses,
  type FleetEvent,
  type outputEventSchemas,
} from '@fleetstream/contracts';
import { type FoldOutput, type Transition } from '@fleetstream/kernel';
import fc from 'fast-check';
import { expect } from 'vitest';
import { createRobotFold } from '../src/robot-fold.ts';
import { defaultRobotRules } from '../src/robot-rules.ts';
import { type RobotState } from '../src/robot-state.ts';

/** Small bounds, so that short histories reach past them. */
export const rules = {
  ...defaultRobotRules,
  bootsMax: 2,
  sequenceRangesMax: 2,
  recentIdsMax: 6,
  metricNamesMax: 2,
  offlineAfterMs: 50,
  commandsOpenMax: 3,
  commandsInFlightMax: 2,
  commandsFinishedMax: 3,
  commandsReservedMax: 1,
  commandAnswerWithinMs: 30,
  commandSettleWithinMs: 60,
  commandRetryMs: 10,
};
export const fold = createRobotFold(rules);
/** States end in it, and begin anew. */
export const ending = createRobotFold({ ...rules, retiredKeptMs: 40 });

export interface Recorded {
  readonly event: FleetEvent;
  readonly nowMs: number;
}

const number = fc.oneof(fc.integer({ min: -60, max: 220 }), fc.constantFrom(-0, 0.5, 50.25));
const text = fc.constantFrom('', 'a', 'b', '\ud800', '"ä"');
const status = fc.constantFrom('WAITING', 'RUNNING', 'FINISHED', 'FAILED');
const optional = { requiredKeys: [] as [] };
const stateData = fc.record(
  {
    connection: fc.constantFrom('ONLINE', 'OFFLINE', 'CONNECTION_BROKEN'),
    mode: fc.constantFrom('AUTOMATIC', 'MANUAL'),
    battery: fc.record({ percent: number, voltageV: number, charging: fc.boolean() }, optional),
    pose: fc.record({ x: number, y: number, map: text }),
    node: text,
    velocity: fc.record({ linearMps: number }, optional),
    driving: fc.boolean(),
    safety: fc.record({ emergencyStop: fc.constantFrom('NONE', 'MANUAL'), fieldViolation: fc.boolean() }, optional),
    errors: fc.array(fc.record({ type: fc.constantFrom('A', 'B'), level: fc.constantFrom('WARNING', 'FATAL') }), {
      maxLength: 3,
    }),
    task: fc.record({ id: text, step: text }),
    load: fc.array(fc.record({ id: text, position: text }, optional), { maxLength: 2 }),
    actions: fc.array(fc.record({ id: fc.constantFrom('x', 'y', 'other'), status }), { maxLength: 2 }),
  },
  optional,
);
const metrics = fc.dictionary(fc.constantFrom('volt', 'amp', 'constructor', 'Temp'), fc.record({ value: number }));
/** Actions of states have some of these ids too. */
const commandId = fc.constantFrom('x', 'y', 'z', 'v', 'w');
const commandAck = fc.record(
  {
    commandId: fc.oneof(commandId, fc.constantFrom('cancel.x', 'cancel.y')),
    status: fc.constantFrom(...commandAckStatuses),
    tries: fc.integer({ min: 1, max: 2 }),
    attempt: fc.integer({ min: 1, max: 3 }),
    failure: fc.constantFrom(...failureClasses),
    reason: text,
    result: text,
  },
  { requiredKeys: ['commandId', 'status'] },
);
const condition = fc.constantFrom<Condition>(
  { path: 'presence', equals: 'online' },
  { path: 'driving', equals: true },
  { path: 'battery.percent', above: 50 },
);
/** Expiries that meet each other, the silence limit, and the gaps between records. */
const commandRequest = fc.record(
  {
    commandId,
    action: fc.constant('move'),
    parameters: fc.dictionary(text, fc.jsonValue(), { maxKeys: 2 }),
    requestedBy: text,
    expiresInMs: fc.constantFrom(10, 49, 50, 51, 100),
    stop: fc.constantFrom(false, false, true),
    idempotent: fc.boolean(),
    triesMax: fc.integer({ min: 1, max: 3 }),
    priority: fc.constantFrom(...commandPriorities),
    notBeforeMs: fc.constantFrom(0, 1_000_010, 1_002_050),
    after: fc.record({ commandId, on: fc.constantFrom('success' as const, 'end' as const) }),
    when: condition,
    require: condition,
    ifEpoch: fc.nat({ max: 1 }),
    verify: fc.record({ condition, withinMs: fc.constantFrom(0, 50) }),
    needsApproval: fc.boolean(),
  },
  { requiredKeys: ['commandId', 'action'] },
);
const delivery = fc.record({
  commandId,
  attempt: fc.integer({ min: 1, max: 3 }),
  outcome: fc.constantFrom(...deliveryOutcomes),
  channel: fc.constantFrom(...deliveryChannels),
});
const cancel = fc.record({ commandId, requestedBy: text });
const decision = fc.record({
  commandId,
  decision: fc.constantFrom('approved' as const, 'declined' as const),
  decidedBy: text,
});
const body = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('robot.state.v1'), data: stateData }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('robot.telemetry.v1'), data: fc.record({ metrics }) }) },
  fc.record({
    type: fc.constant('robot.alert.v1'),
    data: fc.record({ code: fc.constant('bump'), level: fc.constant('URGENT') }),
  }),
  fc.record({ type: fc.constant('robot.task.v1'), data: fc.record({ id: text, status }) }),
  { weight: 3, arbitrary: fc.record({ type: fc.constant('robot.command-ack.v1'), data: commandAck }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('fleet.command-requested.v1'), data: commandRequest }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('fleet.delivery.v1'), data: delivery }) },
  fc.record({ type: fc.constant('fleet.command-cancel-requested.v1'), data: cancel }),
  fc.record({ type: fc.constant('fleet.command-decided.v1'), data: decision }),
  fc.record({
    type: fc.constant('fleet.robot-enrolled.v1'),
    data: fc.record({ name: text, keyVersion: fc.nat() }, optional),
  }),
  fc.record({ type: fc.constant('fleet.robot-retired.v1'), data: fc.constant({}) }),
);
const arrival = fc.oneof(
  fc.record({ bootid: fc.constantFrom('p', 'q', 'r'), sequence: fc.nat({ max: 12 }) }),
  fc.record({}),
);
const time = fc.option(fc.constantFrom('2026-01-01T00:00:00Z', 'never'), { nil: undefined });
/** Log times of one partition don't run back; gaps reach past the silence limit. */
export const history = fc
  .array(fc.tuple(body, arrival, time, fc.nat({ max: 9 }), fc.constantFrom(0, 1, 10, 49, 50, 51, 2_000)), {
    maxLength: 25,
  })
  .map((parts) => {
    let nowMs = 1_000_000;
    return parts.map(([said, place, when, id, passedMs]): Recorded => {
      nowMs += passedMs;
      const envelope = {
        specversion: '1.0' as const,
        id: `e${id}`,
        source: '/robots/r1',
        ...(when !== undefined && { time: when }),
      };
      return { event: { ...envelope, ...place, ...said }, nowMs };
    });
  });

interface Result {
  readonly text: string;
  readonly outputs: readonly FoldOutput[];
}

export interface OutputEvent {
  readonly id: string;
  readonly type: keyof typeof outputEventSchemas;
  readonly data: unknown;
}

type Between = (state: RobotState) => RobotState;

/** Folds as an engine does: due timers first, then the record. */
export function foldAll(records: readonly Recorded[], between: Between = (state) => state, by = fold): Result {
  const outputs: FoldOutput[] = [];
  let state = by.initial('r1');
  const take = (transition: Transition<RobotState>): void => {
    state = between(transition.ended === true ? by.initial('r1') : transition.state);
    outputs.push(...transition.outputs);
  };
  records.forEach(({ event, nowMs }, offset) => {
    fireUpTo(nowMs, () => state, take, by);
    take(by.step(state, event, { partition: 0, offset, nowMs }));
  });
  return { text: by.encodeState(state), outputs };
}

export function fireUpTo(
  nowMs: number,
  current: () => RobotState,
  take: (transition: Transition<RobotState>) => void,
  by = fold,
): void {
  for (let due = by.dueAt(current()); due !== undefined && due <= nowMs; due = by.dueAt(current())) {
    take(by.onTimer(current(), 'r1', due));
    const next = by.dueAt(current());
    expect(next === undefined || next > due).toBe(true);
  }
}
