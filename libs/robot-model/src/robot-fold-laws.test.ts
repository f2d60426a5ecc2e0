import {
  commandAckStatuses,
  type CommandData,
  commandPriorities,
  type Condition,
  deliveryChannels,
  deliveryOutcomes,
  failureClasses,
  type FleetEvent,
  isTerminal,
  outputEventSchemas,
} from '@fleetstream/contracts';
import { type FoldOutput, type Transition } from '@fleetstream/kernel';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { commandMoves } from './command.ts';
import { createRobotFold } from './robot-fold.ts';
import { defaultRobotRules } from './robot-rules.ts';
import { type RobotState } from './robot-state.ts';

/** Small bounds, so that short histories reach past them. */
const rules = {
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
const fold = createRobotFold(rules);
/** States end in it, and begin anew. */
const ending = createRobotFold({ ...rules, retiredKeptMs: 40 });

interface Recorded {
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
const history = fc
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

interface OutputEvent {
  readonly id: string;
  readonly type: keyof typeof outputEventSchemas;
  readonly data: unknown;
}

type Between = (state: RobotState) => RobotState;

/** Folds as an engine does: due timers first, then the record. */
function foldAll(records: readonly Recorded[], between: Between = (state) => state, by = fold): Result {
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

function fireUpTo(
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

it('the same records give the same bytes, also from a state that was stored and read at any point', () => {
  fc.assert(
    fc.property(history, fc.infiniteStream(fc.boolean()), (records, storeNow) => {
      const straight = foldAll(records, undefined, ending);
      const stored = foldAll(
        records,
        (state) => (storeNow.next().value === true ? ending.decodeState(ending.encodeState(state)) : state),
        ending,
      );
      expect(stored).toEqual(straight);
      expect(foldAll(records, undefined, ending)).toEqual(straight);
      expect(fold.encodeState(fold.decodeState(straight.text))).toBe(straight.text);
    }),
    { numRuns: 400 },
  );
});

it('neither a state nor an event is ever changed', () => {
  fc.assert(
    fc.property(history, (records) => {
      const frozen = deepFreeze(structuredClone(records));
      expect(foldAll(frozen, deepFreeze)).toEqual(foldAll(records));
    }),
    { numRuns: 200 },
  );
});

it('a timer may fire as soon as it is due or right before the next record', () => {
  fc.assert(
    fc.property(history, fc.array(fc.nat({ max: 60 })), (records, ticks) => {
      const outputs: FoldOutput[] = [];
      let state = ending.initial('r1');
      const take = (transition: Transition<RobotState>): void => {
        state = transition.ended === true ? ending.initial('r1') : transition.state;
        outputs.push(...transition.outputs);
      };
      let previousMs = 1_000_000;
      records.forEach(({ event, nowMs }, offset) => {
        // Ticks of a busy partition, at any moment up to this record.
        for (const tick of ticks) fireUpTo(Math.min(previousMs + tick, nowMs), () => state, take, ending);
        fireUpTo(nowMs, () => state, take, ending);
        take(ending.step(state, event, { partition: 0, offset, nowMs }));
        previousMs = nowMs;
      });
      expect({ text: ending.encodeState(state), outputs }).toEqual(foldAll(records, undefined, ending));
    }),
    { numRuns: 200 },
  );
});

it('a timer that fires before it is due changes nothing', () => {
  fc.assert(
    fc.property(history, fc.nat({ max: 49 }), (records, earlyMs) => {
      let state = fold.initial('r1');
      records.forEach(({ event, nowMs }, offset) => {
        state = fold.step(state, event, { partition: 0, offset, nowMs }).state;
        const due = fold.dueAt(state);
        if (due === undefined || earlyMs === 0) return;
        expect(fold.onTimer(state, 'r1', due - earlyMs)).toEqual({ state, outputs: [] });
      });
    }),
  );
});

it('a record that is delivered again, at any later moment and however often, is folded once', () => {
  // Within the default bounds, which these short histories don't reach.
  const exact = createRobotFold(defaultRobotRules);
  const foldThese = (records: readonly Recorded[]): RobotState =>
    records.reduce(
      (state, { event, nowMs }, offset) => exact.step(state, event, { partition: 0, offset, nowMs }).state,
      exact.initial('r1'),
    );
  const copies = fc.array(fc.tuple(fc.nat({ max: 24 }), fc.nat({ max: 24 })), { maxLength: 30 });
  fc.assert(
    fc.property(history, copies, (records, again) => {
      const delivered: Recorded[] = records.flatMap((record, at) => [
        record,
        ...again
          .filter(([from, to]) => Math.min(from + to, records.length - 1) === at)
          .flatMap(([from]) => records[from] ?? [])
          .map(({ event }) => ({ event, nowMs: record.nowMs })),
      ]);
      const once = foldThese(records);
      const often = foldThese(delivered);
      expect(often.counters).toEqual({ ...once.counters, duplicates: often.counters.duplicates });
      expect(often.counters.duplicates - once.counters.duplicates).toBe(delivered.length - records.length);
      expect(often.metrics).toEqual(once.metrics);
      expect(often.reported).toEqual(once.reported);
      expect(often.errors).toEqual(once.errors);
      expect(often.boots).toEqual(once.boots);
      expect(often.commands).toEqual(once.commands);
    }),
    { numRuns: 400 },
  );
});

it('every output has an id of its own and fits its schema', () => {
  fc.assert(
    fc.property(history, (records) => {
      const events = foldAll(records).outputs.map(({ value }) => JSON.parse(value ?? '') as OutputEvent);
      expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
      for (const { type, data } of events) expect(outputEventSchemas[type].safeParse(data).error).toBeUndefined();
    }),
  );
});

it('a command makes legal moves alone, from where it was, to one end', () => {
  // All commands stay remembered, so that none of these short histories begins one anew.
  const remembering = createRobotFold({ ...rules, commandsFinishedMax: 60 });
  fc.assert(
    fc.property(history, (records) => {
      const { outputs, text } = foldAll(records, undefined, remembering);
      const latest = new Map<string, CommandData>();
      for (const { value } of outputs) {
        const { type, data } = JSON.parse(value ?? '') as OutputEvent;
        if (type !== 'fleet.command.v1') continue;
        const command = data as CommandData;
        const before = latest.get(command.commandId);
        expect(command.previousStatus).toBe(before?.status);
        expect(command.deliver).toBe(command.status === 'QUEUED');
        if (before !== undefined) {
          expect(isLegal(before, command)).toBe(true);
          expect(command.atMs).toBeGreaterThanOrEqual(before.atMs);
          expect(command.epoch).toBe(before.epoch);
        }
        // What was looked at afterwards doesn't change when it succeeded.
        if (!isAfterthought(command)) latest.set(command.commandId, command);
        const told = [...latest.values()].filter(({ status }) => !isTerminal(status));
        expect(told.length).toBeLessThanOrEqual(rules.commandsOpenMax + rules.commandsReservedMax + 1);
      }
      const { commands } = remembering.decodeState(text);
      const kept = [...(commands?.open ?? []), ...(commands?.finished ?? [])].map(({ id, status, atMs }) => ({
        commandId: id,
        status,
        atMs,
      }));
      const said = [...latest.values()].map(({ commandId, status, atMs }) => ({ commandId, status, atMs }));
      expect(sortById(kept)).toEqual(sortById(said));
    }),
    { numRuns: 600 },
  );
});

it('what may have been begun is not given out again, unless that does no harm or the robot says it was not', () => {
  fc.assert(
    fc.property(history, (records) => {
      const latest = new Map<string, CommandData>();
      for (const { value } of foldAll(records).outputs) {
        const { type, data } = JSON.parse(value ?? '{}') as OutputEvent;
        if (type !== 'fleet.command.v1') continue;
        const command = data as CommandData;
        const before = latest.get(command.commandId)?.status ?? 'ACCEPTED';
        latest.set(command.commandId, command);
        if (before === 'ACCEPTED' || (command.status !== 'ACCEPTED' && command.status !== 'QUEUED')) continue;
        const certain = ['not-sent', 'not-executed', 'retry-after-not-started'];
        if (command.idempotent !== true) expect(certain).toContain(command.reason);
      }
    }),
    { numRuns: 400 },
  );
});

it('nothing of an older epoch comes into flight after a stop', () => {
  fc.assert(
    fc.property(history, (records) => {
      let epoch = 0;
      for (const { value } of foldAll(records).outputs) {
        const { type, data } = JSON.parse(value ?? '{}') as OutputEvent;
        if (type !== 'fleet.command.v1') continue;
        const command = data as CommandData;
        if (command.stop === true && command.status === 'ACCEPTED') epoch = Math.max(epoch, command.epoch ?? 0);
        if (command.deliver) expect(command.epoch).toBe(epoch);
      }
    }),
    { numRuns: 400 },
  );
});

function isLegal(before: CommandData, { status, verification, ask, approvedBy }: CommandData): boolean {
  if (status !== before.status) return commandMoves[before.status].includes(status);
  if (status === 'ACCEPTED') return approvedBy !== before.approvedBy;
  if (status === 'UNKNOWN') return ask !== true && before.ask === true;
  return status === 'SUCCEEDED' && before.verification === 'PENDING' && verification !== 'PENDING';
}

function isAfterthought({ verification }: CommandData): boolean {
  return verification === 'VERIFIED' || verification === 'DIVERGED';
}

it('a state that was written before there were commands reads as one without them, and is written the same', () => {
  fc.assert(
    fc.property(history, (records) => {
      const known = JSON.parse(foldAll(records).text) as RobotState;
      const text = JSON.stringify({ ...known, commands: undefined });
      expect(fold.decodeState(text).commands).toBeUndefined();
      expect(fold.encodeState(fold.decodeState(text))).toBe(text);
    }),
  );
});

it('everything that arrives is counted in exactly one way', () => {
  fc.assert(
    fc.property(history, (records) => {
      const { counters } = fold.decodeState(foldAll(records).text);
      expect(counters.events + counters.duplicates + counters.stale).toBe(records.length);
      expect(Object.values(counters.perType).reduce((sum, one) => sum + one, 0)).toBe(counters.events);
    }),
  );
});

function sortById<One extends { readonly commandId: string }>(all: readonly One[]): One[] {
  return all.toSorted((a, b) => (a.commandId < b.commandId ? -1 : 1));
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
