import { z } from 'zod';
import { commandAckStatuses, failureClasses } from './command-events.ts';
import { actionStatuses, errorLevels, nameSchema, numberSchema, rawSchema, textSchema } from './shared.ts';

/** Metrics that one telemetry event may carry. */
const metricsPerEventMax = 256;

export const robotTelemetrySchema = z
  .object({
    metrics: z
      .record(nameSchema, z.object({ value: numberSchema, unit: z.string().max(16).optional() }))
      .refine((metrics) => Object.keys(metrics).length <= metricsPerEventMax, `at most ${metricsPerEventMax} metrics`)
      .meta({ description: 'Name to value and unit', maxProperties: metricsPerEventMax }),
    raw: rawSchema.optional(),
  })
  .describe('Named numbers with their units.');

export const robotAlertSchema = z
  .object({
    code: nameSchema,
    level: z.enum(errorLevels),
    message: textSchema.optional(),
    raw: rawSchema.optional(),
  })
  .describe("Something a person should know, said once; it doesn't stay active like an error of a state.");

export const robotTaskSchema = z
  .object({
    id: textSchema.min(1),
    status: z.enum(actionStatuses),
    type: textSchema.optional(),
    result: textSchema.optional(),
    raw: rawSchema.optional(),
  })
  .describe('How a task of the robot stands.');

export const robotCommandAckSchema = z
  .object({
    commandId: textSchema.min(1),
    status: z
      .enum(commandAckStatuses)
      .describe(
        'Received, begun, halted, done, gone wrong, not to be done, undone, or overtaken by a stop; steps may be left ' +
          'out. NOT_EXECUTED and NOT_KNOWN answer the question what came of it: certainly nothing, or it can not tell',
      ),
    tries: z.int().min(1).optional().describe('Which try it speaks of; the current one when left out'),
    attempt: z
      .int()
      .min(1)
      .optional()
      .describe('Of NOT_EXECUTED: the attempt that the question named; the first one when left out'),
    failure: z.enum(failureClasses).optional().describe('Whether trying again may help; permanent when left out'),
    reason: textSchema.optional().describe('Why it failed or was rejected'),
    result: textSchema.optional().describe('What came of it'),
    raw: rawSchema.optional(),
  })
  .describe('What the robot says of a command it was sent.');

export type RobotTelemetryData = z.infer<typeof robotTelemetrySchema>;
export type RobotAlertData = z.infer<typeof robotAlertSchema>;
export type RobotTaskData = z.infer<typeof robotTaskSchema>;
export type RobotCommandAckData = z.infer<typeof robotCommandAckSchema>;
