import { type FleetEvent } from '@fleetstream/contracts';
import { type Fold, type FoldPosition, type Transition } from '@fleetstream/kernel';
import { stepActiveErrors } from './active-errors.ts';
import { type Arrival, judgeArrival } from './arrival.ts';
import { countFolded, countUnfolded } from './counters.ts';
import { parseDeviceTime } from './device-clock.ts';
import { enrol, retire } from './identity.ts';
import { stepMetrics } from './metrics.ts';
import { OutputCollector } from './outputs.ts';
import { presenceDueAt, type PresenceInput, stepPresence } from './presence.ts';
import { stepPublished } from './published.ts';
import { stepReported, stepReportedTask } from './reported.ts';
import { type RobotRules } from './robot-rules.ts';
import { decodeRobotState, encodeRobotState, initialRobotState, type RobotState } from './robot-state.ts';

/**
 * The robot model: the state of one robot as a pure fold over its log, under the laws of `Fold`.
 *
 * - "Now" is the record's log time, or the robot's last when that is later. A robot's own clock is only data.
 * - Each event counts once: see `judgeArrival` for how exact that is and what happens past its bounds.
 * - Outputs: alerts to `fleet.alerts` when presence or an error changes or the robot raises one; the compact state to
 *   `fleet.states` after a change that a reader cares about. In one step alerts come first.
 */
export function createRobotFold(rules: RobotRules): Fold<RobotState, FleetEvent> {
  return {
    name: 'robot',
    stateVersion: 1,
    initial: initialRobotState,
    step: (state, event, at) => stepRobot(state, event, at, rules),
    dueAt: (state) => presenceDueAt(state.presence, rules.offlineAfterMs),
    onTimer: (state, key, dueMs) => fireTimer(state, key, dueMs, rules),
    encodeState: encodeRobotState,
    decodeState: decodeRobotState,
  };
}

function stepRobot(state: RobotState, event: FleetEvent, at: FoldPosition, rules: RobotRules): Transition<RobotState> {
  const nowMs = Math.max(at.nowMs, state.lastLogTimeMs);
  const outputs = new OutputCollector({
    robotId: state.robotId,
    idPrefix: `${at.partition}-${at.offset}`,
    nowMs,
    eventId: event.id,
    traceparent: event.traceparent,
  });
  const arrival = judgeArrival(state, event, rules);
  const present = movePresence(state, toPresenceInput(event, arrival, nowMs), outputs, rules);
  const next =
    arrival.kind === 'fresh' || arrival.kind === 'late'
      ? foldEvent(present, event, arrival, nowMs, outputs, rules)
      : { ...present, counters: countUnfolded(state.counters, arrival.kind), lastLogTimeMs: nowMs };
  return publish(state, next, nowMs, outputs, rules);
}

function fireTimer(state: RobotState, key: string, dueMs: number, rules: RobotRules): Transition<RobotState> {
  const trueDueMs = presenceDueAt(state.presence, rules.offlineAfterMs);
  // A store may remember an earlier due time than the true one; firing then must change nothing.
  if (trueDueMs === undefined || dueMs < trueDueMs) return { state, outputs: [] };
  const nowMs = trueDueMs;
  const idPrefix = `${key}@${nowMs}`;
  const outputs = new OutputCollector({
    robotId: state.robotId,
    idPrefix,
    nowMs,
    eventId: undefined,
    traceparent: undefined,
  });
  const present = movePresence(state, { kind: 'timer', nowMs }, outputs, rules);
  const next = { ...present, lastLogTimeMs: Math.max(nowMs, state.lastLogTimeMs) };
  return publish(state, next, nowMs, outputs, rules);
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
  state: RobotState,
  input: ReturnType<typeof toPresenceInput>,
  outputs: OutputCollector,
  rules: RobotRules,
): RobotState {
  if (input === undefined) return state;
  const before = state.presence;
  const presence = stepPresence(before, input, rules.offlineAfterMs);
  if (presence === before) return state;
  const { lastSeenMs, sinceMs } = before;
  if (presence.status !== before.status && presence.status === 'online') {
    outputs.alert({ alert: 'robot-online', lastSeenMs, sinceMs });
  } else if (presence.status !== before.status) {
    outputs.alert({ alert: 'robot-offline', reason: input.reason ?? 'silence', lastSeenMs, sinceMs });
  }
  return { ...state, presence };
}

function foldEvent(
  state: RobotState,
  event: FleetEvent,
  arrival: Arrival,
  nowMs: number,
  outputs: OutputCollector,
  rules: RobotRules,
): RobotState {
  const late = arrival.kind === 'late';
  const counted: RobotState = {
    ...state,
    clockOffsetMs: late ? state.clockOffsetMs : (clockOffset(event, nowMs) ?? state.clockOffsetMs),
    counters: countFolded(state.counters, event.type, late, arrival.forgottenBoots),
    lastLogTimeMs: nowMs,
    lastEventId: event.id,
    boots: arrival.boots,
    recentIds: arrival.recentIds,
  };
  switch (event.type) {
    case 'robot.state.v1':
      return late ? counted : foldState(counted, event, nowMs, outputs);
    case 'robot.telemetry.v1': {
      const input = { metrics: event.data.metrics, nowMs, late };
      return { ...counted, metrics: stepMetrics(counted.metrics, input, rules.metricNamesMax) };
    }
    case 'robot.alert.v1': {
      const { code, level, message } = event.data;
      outputs.alert({ alert: 'robot-alert', code, level, message });
      return counted;
    }
    case 'robot.task.v1':
      return late ? counted : { ...counted, reported: stepReportedTask(counted.reported, event.data) };
    case 'fleet.robot-enrolled.v1':
      return { ...counted, identity: enrol(counted.identity, event.data) };
    case 'fleet.robot-retired.v1':
      return { ...counted, identity: retire(counted.identity, event.data.reason) };
    // The command lifecycle begins here: until the model has one, these events are counted and stay in the log.
    case 'robot.command-ack.v1':
    case 'fleet.command-requested.v1':
    case 'fleet.command-cancel-requested.v1':
    case 'fleet.delivery.v1':
    case 'fleet.tick.v1':
      return counted;
  }
}

function foldState(
  state: RobotState,
  event: FleetEvent<'robot.state.v1'>,
  nowMs: number,
  outputs: OutputCollector,
): RobotState {
  const reported = stepReported(state.reported, event.data);
  if (event.data.errors === undefined) return { ...state, reported };
  const { errors, raised, cleared } = stepActiveErrors(state.errors, event.data.errors, nowMs);
  for (const { type, level, description } of raised) {
    outputs.alert({ alert: 'error-raised', level, code: type, message: description });
  }
  for (const { type, level, description, sinceMs, count } of cleared) {
    outputs.alert({ alert: 'error-cleared', level, code: type, message: description, sinceMs, count });
  }
  return { ...state, reported, errors };
}

function clockOffset(event: FleetEvent, nowMs: number): number | undefined {
  if (event.time === undefined || !event.type.startsWith('robot.')) return undefined;
  const deviceMs = parseDeviceTime(event.time);
  return deviceMs === undefined ? undefined : nowMs - deviceMs;
}

function publish(
  before: RobotState,
  after: RobotState,
  nowMs: number,
  outputs: OutputCollector,
  rules: RobotRules,
): Transition<RobotState> {
  const { due, published } = stepPublished(before, after, nowMs, rules);
  const state = published === after.published ? after : { ...after, published };
  if (due) outputs.state(state);
  return { state, outputs: outputs.outputs };
}
