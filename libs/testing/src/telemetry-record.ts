import { type LogRecord } from '@fleetstream/kafka';

export const telemetryStartMs = 1_790_000_000_000;

/** A telemetry record of the log as the webhook appends it. */
export function telemetryRecord(
  robotId: string,
  offset: number,
  values: Readonly<Record<string, number>>,
  given: { readonly id?: string; readonly stepMs?: number; readonly partition?: number } = {},
): LogRecord {
  return {
    partition: given.partition ?? 0,
    offset,
    timestampMs: telemetryStartMs + offset * (given.stepMs ?? 1000),
    key: Buffer.from(robotId),
    value: Buffer.from(telemetryEvent(robotId, given.id ?? `e-${offset}`, values)),
    contentType: 'application/cloudevents+json',
    headers: [{ name: 'content-type', value: Buffer.from('application/cloudevents+json') }],
  };
}

export function telemetryEvent(robotId: string, id: string, values: Readonly<Record<string, number>>): string {
  const metrics = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, unit: 'A' }]));
  return JSON.stringify({
    specversion: '1.0',
    id,
    source: `/robots/${robotId}`,
    type: 'robot.telemetry.v1',
    data: { metrics },
  });
}
