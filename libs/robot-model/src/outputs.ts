import { type CommandData, type FleetAlertData, type OutputEventType, topics } from '@fleetstream/contracts';
import { type FoldOutput } from '@fleetstream/kernel';
import { type CommandMove } from './command-ledger.ts';
import { toRobotStateView } from './published.ts';
import { type RobotState } from './robot-state.ts';

/** Whoever folds, the model speaks: another engine must give the same bytes. */
const source = '/fleet/robot-model';

/** What one step's outputs have in common. */
export interface OutputOrigin {
  readonly robotId: string;
  /** `partition-offset` of the record, or `key@dueMs` of the timer; only asked for when there are outputs. */
  readonly idPrefix: () => string;
  readonly nowMs: number;
  /** The event that caused them; none for a timer. */
  readonly eventId: string | undefined;
  readonly traceparent: string | undefined;
}

/** Gathers the outputs of one step in the order in which they were given, and numbers them. */
export class OutputCollector {
  readonly outputs: FoldOutput[] = [];
  readonly #origin: OutputOrigin;

  constructor(origin: OutputOrigin) {
    this.#origin = origin;
  }

  alert(data: Omit<FleetAlertData, 'robotId' | 'atMs' | 'eventId'>): void {
    const { robotId, nowMs, eventId } = this.#origin;
    const { alert, level, code, message, reason, lastSeenMs, sinceMs, count } = data;
    const whole = { alert, robotId, atMs: nowMs, level, code, message, reason, lastSeenMs, sinceMs, count, eventId };
    this.#add(topics.alerts, 'fleet.alert.v1', whole satisfies FleetAlertData);
  }

  command({ command, previousStatus, why, ask, verification }: CommandMove): void {
    const { robotId, nowMs, eventId } = this.#origin;
    const { id: commandId, action, parameters, requestedBy, requestedAtMs, expiresAtMs, status, epoch } = command;
    const { tries, attempt, instance, idempotent, stop, cancels, priority, notBeforeMs, after } = command;
    const { needsApproval, approvedBy, taskId, rolloutId } = command;
    const whole = {
      ...{ commandId, robotId, status, previousStatus, action, parameters, requestedBy, requestedAtMs, expiresAtMs },
      ...{ atMs: nowMs, deliver: status === 'QUEUED', ask: ask ? true : undefined, epoch, tries, attempt, instance },
      ...{ idempotent, stop, cancels, priority, notBeforeMs, after, needsApproval, approvedBy, taskId, rolloutId },
      ...{ verification, by: why.by, reason: why.reason, result: why.result, eventId },
    };
    this.#add(topics.commands, 'fleet.command.v1', whole satisfies CommandData);
  }

  state(state: RobotState): void {
    this.#add(topics.states, 'fleet.robot-state.v1', toRobotStateView(state));
  }

  /** Readers of the compacted topic forget the robot. */
  tombstone(): void {
    this.outputs.push({ topic: topics.states, key: this.#origin.robotId, value: null });
  }

  #add(topic: string, type: OutputEventType, data: object): void {
    const { robotId, idPrefix, nowMs, traceparent } = this.#origin;
    const value = JSON.stringify({
      specversion: '1.0',
      id: `${idPrefix()}-${this.outputs.length}`,
      source,
      type,
      subject: robotId,
      time: new Date(nowMs).toISOString(),
      traceparent,
      data,
    });
    this.outputs.push({ topic, key: robotId, value });
  }
}
