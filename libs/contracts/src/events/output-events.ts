import { z } from 'zod';
import { activeErrorSchema, actionSchema, batterySchema, loadSchema, poseSchema, safetySchema } from './robot-state.ts';
import { actionStatuses, errorLevels, textSchema } from './shared.ts';

const timeMsSchema = z.int().describe('Log time, milliseconds since the epoch');

/** What an alert is about. */
const alertKinds = ['robot-offline', 'robot-online', 'error-raised', 'error-cleared', 'robot-alert'] as const;

export const fleetAlertSchema = z
  .object({
    alert: z.enum(alertKinds),
    robotId: z.string(),
    atMs: timeMsSchema,
    level: z.enum(errorLevels).optional().describe('Of an error or of what the robot said'),
    code: z.string().optional().describe("The error's type or the robot's own code"),
    message: z.string().optional(),
    reason: z
      .enum(['silence', 'OFFLINE', 'CONNECTION_BROKEN'])
      .optional()
      .describe('Why a robot is offline: nothing heard, or what its connection said'),
    lastSeenMs: timeMsSchema.optional(),
    sinceMs: timeMsSchema.optional().describe('Since when the state that ends here had held'),
    count: z.int().optional().describe('How many states reported the error while it was active'),
    eventId: z.string().optional().describe('The event that caused this; none for a timer'),
  })
  .describe('Something that a person or a rule should know now. Never repeated while it lasts.');

export const robotStateViewSchema = z
  .object({
    robotId: z.string(),
    revision: z.int().describe("Counts this robot's published states; a gap means that one was missed"),
    atMs: timeMsSchema,
    name: textSchema.optional(),
    fleet: textSchema.optional(),
    site: textSchema.optional(),
    model: textSchema.optional(),
    retired: z.boolean().optional(),
    presence: z.object({
      status: z.enum(['unknown', 'online', 'offline']),
      sinceMs: timeMsSchema.optional(),
      lastSeenMs: timeMsSchema.optional(),
    }),
    mode: z.string().optional(),
    battery: batterySchema.optional(),
    pose: poseSchema.optional(),
    node: textSchema.optional(),
    driving: z.boolean().optional(),
    paused: z.boolean().optional(),
    safety: safetySchema.optional(),
    load: z.array(loadSchema).optional(),
    task: z
      .object({
        id: textSchema,
        step: textSchema.optional(),
        status: z.enum(actionStatuses).optional(),
        type: textSchema.optional(),
        result: textSchema.optional(),
      })
      .optional(),
    errors: z.array(activeErrorSchema.extend({ sinceMs: timeMsSchema })),
    actions: z.array(actionSchema).optional(),
  })
  .describe('What a reader cares about of a robot, published when it changed; a pose at most once a second.');

export type FleetAlertData = z.infer<typeof fleetAlertSchema>;
export type RobotStateView = z.infer<typeof robotStateViewSchema>;
