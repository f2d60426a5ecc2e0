import { z } from 'zod';

const offsetSchema = z.int().min(0);
const timeMsSchema = z.int();

/** Rules are numbers by name; a capsule keeps them all, whatever the release that made it knew. */
const rulesSchema = z.record(z.string(), z.number());

const capsuleEventSchema = z.object({
  offset: offsetSchema,
  timestampMs: timeMsSchema.describe('Of the record itself'),
  logTimeMs: timeMsSchema.describe(
    "How far the partition's log time had come with this record: timers due by then fire",
  ),
  contentType: z.string().nullable(),
  value: z.string().nullable().describe('Avro comes as the JSON that it says'),
  isBase64: z.boolean().describe('Whether the value is base64, because it is no UTF-8'),
});

const capsuleOutputSchema = z.object({
  topic: z.string(),
  key: z.string(),
  value: z.string().nullable(),
  isCommitted: z
    .boolean()
    .describe('Whether the value is what the topic holds; otherwise what the fold made, the topic having lost it'),
});

/**
 * Everything that a stretch of one robot's history needs to be folded again anywhere: the state before it, its records,
 * and what they led to. Timers need no neighbours: each record says how far the partition's log time had come.
 */
const capsuleContentSchema = z.object({
  version: z.literal(1),
  robotId: z.string(),
  partition: offsetSchema,
  model: z.object({ name: z.string(), stateVersion: z.int(), rules: rulesSchema }),
  before: z.object({ offset: offsetSchema, logTimeMs: timeMsSchema, state: z.string().nullable() }),
  events: z.array(capsuleEventSchema),
  outputs: z.array(capsuleOutputSchema),
  after: z.object({
    offset: offsetSchema,
    logTimeMs: timeMsSchema,
    firesUpToMs: timeMsSchema.nullable().describe('Timers that are due by then fire after the last record'),
    state: z.string().nullable(),
  }),
});

/** A capsule as a file: the hash is SHA-256 of the content's JSON text, in hex. */
export const capsuleSchema = z.object({
  kind: z.literal('fleetstream.capsule'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  content: capsuleContentSchema,
});

export type CapsuleContent = z.infer<typeof capsuleContentSchema>;
export type CapsuleEvent = CapsuleContent['events'][number];
export type CapsuleOutput = CapsuleContent['outputs'][number];
export type Capsule = z.infer<typeof capsuleSchema>;
