import { type FleetEvent } from '@fleetstream/contracts';
import { type Fold, type FoldPosition, type Transition } from '@fleetstream/kernel';
import { type ErrorsTransition, stepActiveErrors } from './active-errors.ts';
import { type Arrival, judgeArrival } from './arrival.ts';
import { stepConformance } from './conformance.ts';
import { countFolded, countUnfolded } from './counters.ts';
import { parseDeviceTime } from './device-clock.ts';
import { expireCommands, foldCommands } from './fold-commands.ts';
import { enrol, retire } from './identity.ts';
import { stepMetrics } from './metrics.ts';
import { OutputCollector } from './outputs.ts';
import { type PresenceInput, stepPresence } from './presence.ts';
import { stepPublished } from './published.ts';
import { stepReported, stepReportedTask } from './reported.ts';
import { clearAll, cleanStart, stateEndsAt } from './retirement.ts';
import { type RobotRules } from './robot-rules.ts';
import {
  decodeRobotState,
  encodeRobotState,
  initialRobotState,
  type RobotState,
  upgradeRobotState,
} from './robot-state.ts';
import { robotDueAt } from './timers.ts';

/**
 * The robot model: the state of one robot as a pure fold over its log, under the laws of `Fold`.
 *
 * - "Now" is the record's log time, or the robot's last when that is later. A robot's own clock is only data.
 * - Each event counts once: see `judgeArrival` for how exact that is and what happens past its bounds.
 * - Outputs: alerts to `fleet.alerts` when presence or an error changes or the robot raises one; every transition of a
 *   command to `fleet.commands`; the compact state to `fleet.states` after a change that a reader cares about. In one
 *   step they come in this order.
 * - Timers: silence that turns into absence, commands whose time is up, and the end of a retired robot's state, which leaves
 *   a tombstone on `fleet.states`. What is due at one millisecond is one step.
 */
export function createRobotFold(rules: RobotRules): Fold<RobotState, FleetEvent> {
  return {
    name: 'robot',
    // 2: commands. States of version 1 are read as they are; but a model that doesn't know commands would let them lie
    // unmoved and never expire them, so it must not read these.
    // 3: recent ids are hashes; commands have epochs; a dialect has a score.
    stateVersion: 3,
    upgrades: { 2: upgradeRobotState },
    initial: initialRobotState,
    step: (state, event, at) => stepRobot(state, event, at, rules),
    dueAt: (state) => robotDueAt(state, rules),
    onTimer: (state, key, dueMs) => fireTimer(state, key, dueMs, rules),
    encodeState: encodeRobotState,
    decodeState: decodeRobotState,
  };
}

/** The state that a step makes: copied once, and changed until the step ends, when nobody else has seen it yet. */
type Draft = { -readonly [Key in keyof RobotState]: RobotState[Key] };

function stepRobot(state: RobotState, event: FleetEvent, at: FoldPosition, rules: RobotRules): Transition<RobotState> {
  const nowMs = Math.max(at.nowMs, state.lastLogTimeMs);
  const outputs = new OutputCollector({
    robotId: state.robotId,
    idPrefix: () => `${at.partition}-${at.offset}`,
    nowMs,
    eventId: event.id,
    traceparent: event.traceparent,
  });
  const draft: Draft = { ...state };
  draft.lastLogTimeMs = nowMs;
  const arrival = judgeArrival(state, event, rules);
  movePresence(draft, toPresenceInput(event, arrival, nowMs), outputs, rules);
  if (arrival.kind === 'fresh' || arrival.kind === 'late') {
    const late = arrival.kind === 'late';
    count(draft, event, arrival, nowMs);
    foldEvent(draft, event, late, nowMs, outputs, rules);
    draft.commands = foldCommands(state, { event, late, nowMs, robot: draft }, outputs, rules);
  } else draft.counters = countUnfolded(state.counters, arrival.kind);
  return publish(state, draft, nowMs, outputs, rules);
}

function fireTimer(state: RobotState, key: string, dueMs: number, rules: RobotRules): Transition<RobotState> {
  const nowMs = robotDueAt(state, rules);
  // A store may remember an earlier due time than the true one; firing then must change nothing.
  if (nowMs === undefined || dueMs < nowMs) return { state, outputs: [] };
  const outputs = new OutputCollector({
    robotId: state.robotId,
    idPrefix: () => `${key}@${nowMs}`,
    nowMs,
    eventId: undefined,
    traceparent: undefined,
  });
  const draft: Draft = { ...state };
  draft.lastLogTimeMs = Math.max(nowMs, state.lastLogTimeMs);
  // Whatever is due at this millisecond fires in one step: its outputs are numbered together.
  movePresence(draft, { kind: 'timer', nowMs }, outputs, rules);
  draft.commands = expireCommands(state.commands, { nowMs, robot: draft }, outputs, rules);
  if (stateEndsAt(state, rules) === nowMs) {
    outputs.tombstone();
    return { state: draft, outputs: outputs.outputs, ended: true };
  }
  return publish(state, draft, nowMs, outputs, rules);
}

/** What an event says of the robot's presence. Events of the platform say nothing of it. */
function toPresenceInput(
  event: FleetEvent,
  arrival: Arrival,
  nowMs: number,
): (PresenceInput & { readonly reason?: 'OFFLINE' | 'CONNECTION_BROKEN' }) | undefined {
  if (!event.type.startsWith('robot.')) return undefined;
  const connection = event.type === 'robot.state.v1' ? event.data.connection : undefined;
  if (connection !== 'OFFLINE' && connection !== 'CONNECTION_BROKEN') return { kind: 'heard', nowMs };
  // A farewell that comes twice or late was overtaken by what came after it.
  return arrival.kind === 'fresh' ? { kind: 'gone', nowMs, reason: connection } : undefined;
}

function movePresence(
  draft: Draft,
  input: ReturnType<typeof toPresenceInput>,
  outputs: OutputCollector,
  rules: RobotRules,
): void {
  if (input === undefined) return;
  const before = draft.presence;
  draft.presence = stepPresence(before, input, rules.offlineAfterMs);
  const { status } = draft.presence;
  if (status === before.status) return;
  const { lastSeenMs, sinceMs } = before;
  if (status === 'online') outputs.alert({ alert: 'robot-online', lastSeenMs, sinceMs });
  else outputs.alert({ alert: 'robot-offline', reason: input.reason ?? 'silence', lastSeenMs, sinceMs });
}

function count(draft: Draft, event: FleetEvent, arrival: Arrival, nowMs: number): void {
  const late = arrival.kind === 'late';
  if (!late) draft.clockOffsetMs = clockOffset(event, nowMs) ?? draft.clockOffsetMs;
  draft.counters = countFolded(draft.counters, event.type, late, arrival.forgottenBoots);
  draft.lastEventId = event.id;
  draft.boots = arrival.boots;
  draft.recentIds = arrival.recentIds;
}

function foldEvent(
  draft: Draft,
  event: FleetEvent,
  late: boolean,
  nowMs: number,
  outputs: OutputCollector,
  rules: RobotRules,
): void {
  switch (event.type) {
    case 'robot.state.v1':
      if (!late) foldState(draft, event, nowMs, outputs);
      return;
    case 'robot.telemetry.v1': {
      const input = { metrics: event.data.metrics, nowMs, late };
      draft.metrics = stepMetrics(draft.metrics, input, rules.metricNamesMax);
      return;
    }
    case 'robot.alert.v1': {
      const { code, level, message } = event.data;
      outputs.alert({ alert: 'robot-alert', code, level, message });
      return;
    }
    case 'robot.task.v1':
      if (!late) draft.reported = stepReportedTask(draft.reported, event.data);
      return;
    case 'fleet.robot-enrolled.v1':
      if (draft.identity.retired) startClean(draft, outputs);
      draft.identity = enrol(draft.identity, event.data);
      return;
    case 'fleet.robot-retired.v1':
      draft.identity = retire(draft.identity, event.data.reason);
      return;
    // What is about commands is for `foldCommands`.
    case 'robot.command-ack.v1':
    case 'fleet.command-requested.v1':
    case 'fleet.command-cancel-requested.v1':
    case 'fleet.command-decided.v1':
    case 'fleet.delivery.v1':
    case 'fleet.tick.v1':
      return;
  }
}

function foldState(draft: Draft, event: FleetEvent<'robot.state.v1'>, nowMs: number, outputs: OutputCollector): void {
  draft.reported = stepReported(draft.reported, event.data);
  draft.conformance = stepConformance(draft.conformance, event.data);
  if (event.data.errors === undefined) return;
  takeErrors(draft, stepActiveErrors(draft.errors, event.data.errors, nowMs), outputs);
}

/** A retired robot that is enrolled again may be another machine: of the old one only what deduplicates is kept. */
function startClean(draft: Draft, outputs: OutputCollector): void {
  takeErrors(draft, clearAll(draft.errors), outputs);
  Object.assign(draft, cleanStart);
}

function takeErrors(draft: Draft, { errors, raised, cleared }: ErrorsTransition, outputs: OutputCollector): void {
  for (const { type, level, description } of raised) {
    outputs.alert({ alert: 'error-raised', level, code: type, message: description });
  }
  for (const { type, level, description, sinceMs, count } of cleared) {
    outputs.alert({ alert: 'error-cleared', level, code: type, message: description, sinceMs, count });
  }
  draft.errors = errors;
}

function clockOffset(event: FleetEvent, nowMs: number): number | undefined {
  if (event.time === undefined || !event.type.startsWith('robot.')) return undefined;
  const deviceMs = parseDeviceTime(event.time);
  return deviceMs === undefined ? undefined : nowMs - deviceMs;
}

function publish(
  before: RobotState,
  draft: Draft,
  nowMs: number,
  outputs: OutputCollector,
  rules: RobotRules,
): Transition<RobotState> {
  const { due, published } = stepPublished(before, draft, nowMs, rules);
  draft.published = published;
  if (due) outputs.state(draft);
  return { state: draft, outputs: outputs.outputs };
}
