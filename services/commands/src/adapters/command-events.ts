import { createHash } from 'node:crypto';
import {
  type CommandCancelRequestedData,
  type CommandDecidedData,
  type CommandRequestedData,
  type DeliveryData,
  toRobotSource,
  topics,
} from '@fleetstream/contracts';
import { type AppendRecord } from '@fleetstream/kafka';
import { toRequestIdentity } from '../domain/command-request.ts';

const idChars = 24;

/** The same robot and key give the same command, on every instance and after every restart. */
export function toCommandId(robotId: string, idempotencyKey: string): string {
  return `cmd-${digest(robotId, idempotencyKey)}`;
}

/** The same caller and key give the same rollout. Keys of others are no concern of one's own. */
export function toRolloutId(subject: string, idempotencyKey: string): string {
  return `rol-${digest(subject, idempotencyKey)}`;
}

/** The same of the task whose steps are asked for in one call. */
export function toTaskId(robotId: string, idempotencyKey: string): string {
  return `task-${digest('task', robotId, idempotencyKey)}`;
}

/** Cancelling the same command under the same key is the same cancelling. */
export function toCancelId(robotId: string, commandId: string, idempotencyKey: string): string {
  return `cancel-${digest('cancel', robotId, commandId, idempotencyKey)}`;
}

/**
 * The id of a request's event comes from all that was asked for: appended twice it is one event, and the log's first
 * word on a command tells whether another request is the same, after any restart.
 */
export function toRequestEventId(robotId: string, data: CommandRequestedData): string {
  return `request-${digest(toRequestIdentity(robotId, data))}`;
}

export function toRequestRecord(robotId: string, data: CommandRequestedData, time: string): AppendRecord {
  return toRecord(robotId, { id: toRequestEventId(robotId, data), type: 'fleet.command-requested.v1', time, data });
}

export function toCancelRecord(robotId: string, data: CommandCancelRequestedData, time: string): AppendRecord {
  const { commandId, requestedBy = '', cancelId = toCancelId(robotId, commandId, requestedBy) } = data;
  const id = `request-${digest('cancel', robotId, cancelId)}`;
  return toRecord(robotId, { id, type: 'fleet.command-cancel-requested.v1', time, data });
}

export function toDecisionRecord(robotId: string, data: CommandDecidedData, time: string): AppendRecord {
  const id = `decision-${digest(robotId, data.commandId, data.decision, data.decidedBy)}`;
  return toRecord(robotId, { id, type: 'fleet.command-decided.v1', time, data });
}

/** What an instance tells twice is one event; two instances that claim the same attempt say two things. */
export function toDeliveryRecord(robotId: string, data: DeliveryData, time: string): AppendRecord {
  const { commandId, attempt, outcome, channel, instance = '' } = data;
  const id = `delivery-${digest(robotId, commandId, String(attempt), outcome, channel, instance)}`;
  return toRecord(robotId, { id, type: 'fleet.delivery.v1', time, data });
}

/** For comparing requests without keeping them. */
export function toFingerprint(identity: string): string {
  return digest(identity);
}

function toRecord(
  robotId: string,
  event: { readonly id: string; readonly type: string; readonly time: string; readonly data: object },
): AppendRecord {
  const { id, type, time, data } = event;
  const value = JSON.stringify({ specversion: '1.0', id, source: toRobotSource(robotId), type, time, data });
  return { topic: topics.events, key: robotId, value };
}

function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, idChars);
}
