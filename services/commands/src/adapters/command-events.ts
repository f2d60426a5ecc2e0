import { createHash } from 'node:crypto';
import { type CommandRequestedData, type DeliveryData, toRobotSource, topics } from '@fleetstream/contracts';
import { type AppendRecord } from '@fleetstream/kafka';

const idChars = 24;

/** The same robot and key give the same command, on every instance and after every restart. */
export function toCommandId(robotId: string, idempotencyKey: string): string {
  return `cmd-${digest(robotId, idempotencyKey)}`;
}

/** A request that is appended twice is one event: its id comes from the command's. */
export function toRequestRecord(robotId: string, data: CommandRequestedData, time: string): AppendRecord {
  const id = `request-${digest(robotId, data.commandId)}`;
  return toRecord(robotId, { id, type: 'fleet.command-requested.v1', time, data });
}

/** A result that two instances tell of is one event. */
export function toDeliveryRecord(robotId: string, data: DeliveryData, time: string): AppendRecord {
  const { commandId, attempt, outcome, channel } = data;
  const id = `delivery-${digest(robotId, commandId, String(attempt), outcome, channel)}`;
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
