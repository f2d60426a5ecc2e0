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
  const events = Array.from({ length: numbers.events }, (_, index) => toEvent(robot, numbers, index));
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

function toEvent(robot: LoadRobot, numbers: BatchNumbers, index: number): Record<string, unknown> {
  const sequence = numbers.sequence + index;
  const wave = Math.sin(sequence / 20);
  return {
    specversion: '1.0',
    id: `${numbers.bootId}-e${sequence}`,
    source: `/robots/${robot.robotId}`,
    type: 'robot.telemetry.v1',
    time: new Date(numbers.nowMs).toISOString(),
    sequence,
    bootid: numbers.bootId,
    data: {
      metrics: {
        battery: { value: Math.round(60 + 30 * wave), unit: '%' },
        motor_temperature: { value: Math.round(450 + 50 * wave) / 10, unit: 'Cel' },
        motor_current: { value: Math.round(300 + 200 * Math.abs(wave)) / 100, unit: 'A' },
      },
    },
  };
}
