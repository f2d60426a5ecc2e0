// Runs inside k6: its modules, no others.
import crypto from 'k6/crypto';
import encoding from 'k6/encoding';
import { type LoadRobot } from './load-plan.ts';

export interface SignedBatch {
  readonly path: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface BatchNumbers {
  readonly bootId: string;
  /** Sequence of the first event. */
  readonly sequence: number;
  readonly events: number;
  readonly nowMs: number;
}

/** A batch of telemetry as a robot's own HTTP client would send it, signed by Standard Webhooks. */
export function createSignedBatch(robot: LoadRobot, numbers: BatchNumbers): SignedBatch {
  const events = Array.from({ length: numbers.events }, (_, index) => toTelemetry(robot, numbers, index));
  return signEvents(robot, numbers, events);
}

export function signEvents(robot: LoadRobot, numbers: BatchNumbers, events: readonly unknown[]): SignedBatch {
  const body = JSON.stringify(events);
  const webhookId = `${numbers.bootId}-${numbers.sequence}`;
  const timestamp = String(Math.floor(numbers.nowMs / 1000));
  const secret = encoding.b64decode(robot.secretBase64);
  return {
    path: `/v1/robots/${robot.robotId}/events`,
    body,
    headers: {
      'content-type': 'application/cloudevents-batch+json',
      'webhook-id': webhookId,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${crypto.hmac('sha256', secret, `${webhookId}.${timestamp}.${body}`, 'base64')}`,
    },
  };
}

/** The event at a place in a batch, of any type. */
export function toEvent(
  robot: LoadRobot,
  { bootId, sequence, nowMs }: BatchNumbers,
  index: number,
  content: { readonly type: string; readonly data: unknown },
): Record<string, unknown> {
  return {
    specversion: '1.0',
    id: `${bootId}-e${sequence + index}`,
    source: `/robots/${robot.robotId}`,
    type: content.type,
    time: new Date(nowMs).toISOString(),
    sequence: sequence + index,
    bootid: bootId,
    data: content.data,
  };
}

export function toTelemetry(robot: LoadRobot, numbers: BatchNumbers, index: number): Record<string, unknown> {
  const wave = Math.sin((numbers.sequence + index) / 20);
  return toEvent(robot, numbers, index, {
    type: 'robot.telemetry.v1',
    data: {
      metrics: {
        battery: { value: Math.round(60 + 30 * wave), unit: '%' },
        motor_temperature: { value: Math.round(450 + 50 * wave) / 10, unit: 'Cel' },
        motor_current: { value: Math.round(300 + 200 * Math.abs(wave)) / 100, unit: 'A' },
      },
    },
  });
}
