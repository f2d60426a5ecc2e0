import { z } from 'zod';
import { nameSchema, textSchema } from './shared.ts';

/** `fleet.robot-enrolled.v1`: the platform knows the robot. Repeats update what is known. */
export const robotEnrolledSchema = z.object({
  name: textSchema.optional(),
  fleet: textSchema.optional(),
  site: textSchema.optional(),
  model: textSchema.optional(),
  /** Version of the derived key that the robot was given. */
  keyVersion: z.int().min(1).optional(),
});

/** `fleet.robot-retired.v1`: the robot is out of service; its state stays readable. */
export const robotRetiredSchema = z.object({ reason: textSchema.optional() });

/** `fleet.command-requested.v1`: somebody wants the robot to do something. */
export const commandRequestedSchema = z.object({
  commandId: textSchema.min(1),
  action: nameSchema,
  parameters: z.record(z.string(), z.unknown()).optional(),
  requestedBy: textSchema.optional(),
  deadlineMs: z.int().min(0).optional(),
});

/** `fleet.command-cancel-requested.v1` */
export const commandCancelRequestedSchema = z.object({
  commandId: textSchema.min(1),
  requestedBy: textSchema.optional(),
});

/** `fleet.delivery.v1`: what came of handing a command to its robot. */
export const deliverySchema = z.object({
  commandId: textSchema.min(1),
  outcome: z.enum(['SENT', 'DELIVERED', 'UNDELIVERABLE']),
  detail: textSchema.optional(),
});

/** `fleet.tick.v1`: nothing but its log time, so that the timers of an idle partition fire. */
export const tickSchema = z.object({ partition: z.int().min(0) });

export type RobotEnrolledData = z.infer<typeof robotEnrolledSchema>;
export type RobotRetiredData = z.infer<typeof robotRetiredSchema>;
