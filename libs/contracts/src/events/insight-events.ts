import { z } from 'zod';

const insightKinds = ['outlier', 'stuck'] as const;
const insightSeverities = ['minor', 'major', 'extreme'] as const;

export const insightSchema = z
  .object({
    robotId: z.string(),
    kind: z.enum(insightKinds).describe('A value that was not to be expected, or one that does not change any more'),
    metric: z.string().describe('A telemetry metric by its name, or what a state says under `state.`'),
    unit: z.string().optional(),
    severity: z.enum(insightSeverities).describe('By how far the limit was passed: less than twice, four times, more'),
    value: z.number(),
    expected: z.number().describe('What the model thought the value would be'),
    score: z
      .number()
      .describe(
        'Of an outlier -log10 of the probability of a value so far off, at most 30; of a stuck value its samples',
      ),
    threshold: z.number().describe('The score from which the model speaks'),
    atMs: z.int().describe('Log time of the record, milliseconds since the epoch'),
    eventId: z.string().describe('The event that was judged'),
    model: z.string(),
    version: z.int().describe('Another version may judge the same records otherwise'),
    falseAlarmsPerRobotDay: z.number().describe('What the model was calibrated to'),
    window: z
      .object({
        samples: z.int().describe('Of this metric'),
        fromOffset: z.int(),
        toOffset: z.int().describe('Inclusive'),
      })
      .describe('What the judgement rests on, within the evidence partition of fleet.events'),
    evidence: z
      .object({
        partition: z.int(),
        offsets: z.array(z.int()).max(2).describe('The record judged, after the one before it with this metric'),
      })
      .describe('Where to look in fleet.events'),
    foldedFrom: z
      .int()
      .describe('Whoever shows the model the partition from this offset on gets this verdict, byte for byte'),
  })
  .describe("A model's verdict on one number of a robot. Said once when it begins, never repeated while it lasts.");

export type InsightData = z.infer<typeof insightSchema>;
export type InsightSeverity = (typeof insightSeverities)[number];
