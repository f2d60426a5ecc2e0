import { z } from 'zod';
import { type EventData, type EventType } from './events/index.ts';

/** Ids are printable: they go into logs, headers and other people's tables. */
const idPattern = /^[^\p{Cc}\p{Cs}]+$/u;
// Media types have no case; JSON Schema's patterns have no flag that says so.
const jsonMediaType = /^[Aa][Pp][Pp][Ll][Ii][Cc][Aa][Tt][Ii][Oo][Nn]\/(?:[\w.+-]+\+)?[Jj][Ss][Oo][Nn]\b/;
const printable = 'no control characters or lone surrogates';

/**
 * The CloudEvents 1.0 envelope as it lies in the log: structured JSON, the whole event as the record's value.
 * Extension attributes beside these are kept in the log and left out of what is decoded.
 */
export const envelopeSchema = z.object({
  specversion: z.literal('1.0').describe('CloudEvents version'),
  id: z.string().max(128).regex(idPattern, printable).describe("Unique among the robot's events; a retry repeats it"),
  source: z.string().min(1).max(128).describe('/robots/{robotId}; the platform may also write as /fleet/...'),
  type: z.string().min(1).max(64).describe('One of the types below'),
  time: z.string().max(40).optional().describe("The robot's clock, RFC 3339: data, never trusted for order"),
  datacontenttype: z.string().max(64).regex(jsonMediaType, 'JSON is the only data').optional(),
  dataschema: z.string().max(256).optional(),
  subject: z.string().max(128).optional(),
  sequence: z
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('Counts up by one over all events of one bootid; duplicates and gaps are found by it'),
  bootid: z
    .string()
    .max(64)
    .regex(idPattern, printable)
    .optional()
    .describe('Changes whenever the sequence starts anew; a sequence without it is not used'),
  traceparent: z.string().max(64).optional().describe('W3C trace context'),
  data: z.unknown().describe('Fits the schema of the type'),
});

export type Envelope = z.infer<typeof envelopeSchema>;

/** An event of the log whose `data` fits the schema of its type; a union over the types, to be told apart by `type`. */
export type FleetEvent<Type extends EventType = EventType> = {
  [One in Type]: Omit<Envelope, 'type' | 'data'> & { readonly type: One; readonly data: EventData<One> };
}[Type];

/** The `source` of a robot's events. */
export function toRobotSource(robotId: string): string {
  return `/robots/${robotId}`;
}
