import { z } from 'zod';
import { nameSchema, textSchema } from './shared.ts';

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
    commandId: textSchema.min(1),
    action: nameSchema,
    parameters: z.record(z.string(), z.unknown()).optional(),
    requestedBy: textSchema.optional(),
    deadlineMs: z.int().min(0).optional().describe('Milliseconds of log time from the request'),
  })
  .describe('Somebody wants the robot to do something.');

export const commandCancelRequestedSchema = z
  .object({ commandId: textSchema.min(1), requestedBy: textSchema.optional() })
  .describe('Somebody wants a command undone before it is done.');

export const deliverySchema = z
  .object({
    commandId: textSchema.min(1),
    outcome: z.enum(['SENT', 'DELIVERED', 'UNDELIVERABLE']),
    detail: textSchema.optional(),
  })
  .describe('What came of handing a command to its robot.');

export const tickSchema = z
  .object({ partition: z.int().min(0) })
  .describe('Nothing but its log time, so that the timers of an idle partition fire.');

export type RobotEnrolledData = z.infer<typeof robotEnrolledSchema>;
export type RobotRetiredData = z.infer<typeof robotRetiredSchema>;
