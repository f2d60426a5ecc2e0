import { z } from 'zod';
import { findUnsafeJson } from '../find-unsafe-json.ts';
import {
  commandExpiryMs,
  commandIdSchema,
  commandParametersMax,
  deliveryChannels,
  deliveryOutcomes,
} from './command-events.ts';
import { nameSchema, textSchema } from './shared.ts';

/** Depth first: what is nested too deeply can't be printed to be measured. */
const parametersSchema = z.record(z.string(), z.unknown()).superRefine((parameters, context) => {
  const problem =
    findUnsafeJson(parameters) ??
    (JSON.stringify(parameters).length > commandParametersMax
      ? `longer than ${commandParametersMax} characters as JSON`
      : undefined);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

export const robotEnrolledSchema = z
  .object({
    name: textSchema.optional(),
    fleet: textSchema.optional(),
    site: textSchema.optional(),
    model: textSchema.optional(),
    keyVersion: z.int().min(1).optional().describe('Version of the derived key that the robot was given'),
  })
  .describe('The platform knows the robot. Repeats update what is known; a retired robot is in service again.');

export const robotRetiredSchema = z
  .object({ reason: textSchema.optional() })
  .describe('The robot is out of service; its state stays readable.');

export const commandRequestedSchema = z
  .object({
    commandId: commandIdSchema.describe('Unique among the commands of the robot; the same again has no second effect'),
    action: nameSchema,
    parameters: parametersSchema.optional().describe(`Of the action; at most ${commandParametersMax} as JSON text`),
    requestedBy: textSchema.optional(),
    reason: textSchema.optional().describe('Why it is wanted'),
    expiresInMs: z
      .int()
      .min(commandExpiryMs.min)
      .max(commandExpiryMs.max)
      .optional()
      .describe(
        'Milliseconds of log time after the request at which the command expires unless it has ended by then, ' +
          `${commandExpiryMs.min} to ${commandExpiryMs.max}; ${commandExpiryMs.default} when left out`,
      ),
  })
  .describe('Somebody wants the robot to do something.');

export const commandCancelRequestedSchema = z
  .object({ commandId: commandIdSchema, requestedBy: textSchema.optional() })
  .describe('Somebody wants a command undone before it is done.');

export const deliverySchema = z
  .object({
    commandId: commandIdSchema,
    attempt: z.int().min(1).describe('Counts the attempts to deliver this command, from 1'),
    outcome: z
      .enum(deliveryOutcomes)
      .describe('UNDELIVERABLE moves nothing: the command stays due until the robot has it or it expires'),
    channel: z.enum(deliveryChannels).describe('The robot asked for it, or it was posted to its callback URL'),
    detail: textSchema.optional(),
  })
  .describe('What came of handing a command to its robot.');

export const tickSchema = z
  .object({ partition: z.int().min(0) })
  .describe('Nothing but its log time, so that the timers of an idle partition fire.');

export type RobotEnrolledData = z.infer<typeof robotEnrolledSchema>;
export type RobotRetiredData = z.infer<typeof robotRetiredSchema>;
export type CommandRequestedData = z.infer<typeof commandRequestedSchema>;
export type DeliveryData = z.infer<typeof deliverySchema>;
