import { z } from 'zod';
import { type EventType } from './events/index.ts';

/**
 * The CloudEvents 1.0 envelope as it lies in the log: structured JSON, the whole event as the record's value.
 * `sequence` counts up by one within one `bootid`; both are the robot's own and optional.
 */
export const envelopeSchema = z.object({
  specversion: z.literal('1.0'),
  id: z.string().min(1).max(128),
  source: z.string().min(1).max(128),
  type: z.string().min(1).max(64),
  /** The robot's clock: data, never trusted for order. */
  time: z.string().max(40).optional(),
  datacontenttype: z.string().max(64).optional(),
  subject: z.string().max(128).optional(),
  sequence: z.int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
  bootid: z.string().min(1).max(64).optional(),
  traceparent: z.string().max(64).optional(),
  data: z.unknown(),
});

export type Envelope = z.infer<typeof envelopeSchema>;

/** An event whose `data` fits the schema of its type. */
export interface FleetEvent<Type extends EventType = EventType, Data = unknown> extends Envelope {
  readonly type: Type;
  readonly data: Data;
}

/** The `source` of a robot's events. */
export function toRobotSource(robotId: string): string {
  return `/robots/${robotId}`;
}
