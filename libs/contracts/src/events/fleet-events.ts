import { z } from 'zod';
import { findUnsafeJson } from '../find-unsafe-json.ts';
import {
  afterSchema,
  commandExpiryMs,
  commandIdSchema,
  commandParametersMax,
  commandPriorities,
  commandTriesMax,
  deliveryChannels,
  deliveryOutcomes,
  postConditionSchema,
} from './command-events.ts';
import { conditionSchema } from './condition.ts';
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
  .describe('The robot is out of service; its state stays readable until nothing has come of it for a week.');

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
    stop: z
      .boolean()
      .optional()
      .describe('Goes ahead of everything, raises the control epoch and supersedes what the robot was not given yet'),
    idempotent: z.boolean().optional().describe('Doing it twice does no harm; false when left out'),
    triesMax: z
      .int()
      .min(1)
      .max(commandTriesMax)
      .optional()
      .describe('How often it may be begun: again after a failure that may pass; 1 when left out'),
    priority: z.enum(commandPriorities).optional().describe('normal when left out'),
    notBeforeMs: z.int().min(0).optional().describe('Log time before which its turn does not come'),
    after: afterSchema.optional().describe('A step of a task: not before that command has ended'),
    when: conditionSchema.optional().describe('Its turn does not come while this does not hold'),
    require: conditionSchema.optional().describe('Rejected when this does not hold at the request'),
    ifEpoch: z.int().min(0).optional().describe("Rejected when the robot's control epoch is another"),
    verify: postConditionSchema.optional().describe('What the robot is to report after success'),
    needsApproval: z.boolean().optional().describe('Its turn does not come before somebody else approves'),
    taskId: textSchema.optional(),
    rolloutId: textSchema.optional(),
  })
  .describe('Somebody wants the robot to do something.');

export const commandCancelRequestedSchema = z
  .object({
    commandId: commandIdSchema.describe('The command to undo'),
    cancelId: commandIdSchema.optional().describe('The id of the cancelling, which is a command itself'),
    requestedBy: textSchema.optional(),
    reason: textSchema.optional(),
  })
  .describe(
    'Somebody wants a command undone. The cancelling succeeds when the command is CANCELLED, fails with too-late when ' +
      'it ended otherwise, and is rejected with not-active when no such command is known.',
  );

export const commandDecidedSchema = z
  .object({
    commandId: commandIdSchema,
    decision: z.enum(['approved', 'declined']),
    decidedBy: textSchema.min(1).describe('Somebody else than who requested it, or it moves nothing'),
    reason: textSchema.optional(),
  })
  .describe('Somebody approved or declined a command that needs it.');

export const deliverySchema = z
  .object({
    commandId: commandIdSchema,
    attempt: z.int().min(1).describe('Counts the attempts to deliver this command, from 1'),
    outcome: z
      .enum(deliveryOutcomes)
      .describe(
        'After NOT_SENT it is certain that the robot got nothing and it is due again; UNDELIVERABLE moves nothing',
      ),
    instance: textSchema.optional().describe('Which instance of the service makes the attempt'),
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
export type CommandCancelRequestedData = z.infer<typeof commandCancelRequestedSchema>;
export type CommandDecidedData = z.infer<typeof commandDecidedSchema>;
export type DeliveryData = z.infer<typeof deliverySchema>;
