import { type CommandData, isTerminal, outputEventSchemas } from '@fleetstream/contracts';
import { type FoldOutput, type Transition } from '@fleetstream/kernel';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  ending,
  fireUpTo,
  fold,
  foldAll,
  history,
  type OutputEvent,
  type Recorded,
  rules,
} from '../test/robot-histories.ts';
import { commandMoves } from './command.ts';
import { createRobotFold } from './robot-fold.ts';
import { defaultRobotRules } from './robot-rules.ts';
import { type RobotState } from './robot-state.ts';

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
