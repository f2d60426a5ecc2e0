import { z } from 'zod';
import { conditionSchema } from './condition.ts';
import { nameSchema, textSchema } from './shared.ts';

/** How a command stands, in the order of its life; the last seven end it, and UNKNOWN may still be settled. */
export const commandStatuses = [
  'ACCEPTED',
  'QUEUED',
  'SENT',
  'DELIVERED',
  'ACKED',
  'RUNNING',
  'PAUSED',
  'UNKNOWN',
  'SUCCEEDED',
  'FAILED',
  'REJECTED',
  'EXPIRED',
  'CANCELLED',
  'SUPERSEDED',
] as const;

export type CommandStatus = (typeof commandStatuses)[number];

/** What ends a command for good: nothing moves it any more. */
const settledStatuses = ['SUCCEEDED', 'FAILED', 'REJECTED', 'EXPIRED', 'CANCELLED', 'SUPERSEDED'] as const;

export type SettledStatus = (typeof settledStatuses)[number];

/** Nobody waits for it any more. Of UNKNOWN the robot may still tell what came of it. */
export type TerminalStatus = SettledStatus | 'UNKNOWN';

const settled: ReadonlySet<CommandStatus> = new Set(settledStatuses);

/** Whether a command with this status has come to its end for good. */
export function isSettled(status: CommandStatus): status is SettledStatus {
  return settled.has(status);
}

/** Whether a command with this status has come to an end, be it that nobody knows what came of it. */
export function isTerminal(status: CommandStatus): status is TerminalStatus {
  return status === 'UNKNOWN' || settled.has(status);
}

/**
 * What a robot may say of a command. The last two answer the question what came of it: it is certain not to have begun
 * and will not begin it unless it is given again, or it remembers nothing and can't tell.
 */
export const commandAckStatuses = [
  'ACKED',
  'RUNNING',
  'PAUSED',
  'SUCCEEDED',
  'FAILED',
  'REJECTED',
  'CANCELLED',
  'SUPERSEDED',
  'NOT_EXECUTED',
  'NOT_KNOWN',
] as const;

export type CommandAckStatus = (typeof commandAckStatuses)[number];

/** Why a command failed, as far as trying again goes: nothing was begun, it may pass, or it will not. */
export const failureClasses = ['not-started', 'transient', 'permanent'] as const;

export type FailureClass = (typeof failureClasses)[number];

/** What may come of handing a command to its robot; after NOT_SENT it is certain that the robot got nothing. */
export const deliveryOutcomes = ['SENT', 'DELIVERED', 'UNDELIVERABLE', 'NOT_SENT'] as const;

/** `pull`: the robot asked for its commands; `push`: they were posted to its callback URL. */
export const deliveryChannels = ['pull', 'push'] as const;

/** Who goes first when several commands wait for their turn. */
export const commandPriorities = ['urgent', 'normal', 'low'] as const;

export type CommandPriority = (typeof commandPriorities)[number];

/** Log time from the request until the command expires, in milliseconds. */
export const commandExpiryMs = { min: 1_000, max: 86_400_000, default: 300_000 } as const;

/** How often a command may be begun, the first time included. */
export const commandTriesMax = 10;

/** Longest `parameters` as JSON, in UTF-16 units: open commands are kept in the robot's state. */
export const commandParametersMax = 4_096;

/** A command's id is a path segment of the API, and what the robot repeats in its answers. */
export const commandIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9][\w.:-]{0,127}$/, 'an id: a letter or digit, then up to 127 of A-Z a-z 0-9 _ . : -');

/** After which other command of the same robot this one may begin. */
export const afterSchema = z.object({
  commandId: commandIdSchema,
  on: z.enum(['success', 'end']).describe('success: any other end cancels this one too; end: whatever came of it'),
});

export const postConditionSchema = z.object({
  condition: conditionSchema,
  withinMs: z.int().min(0).max(commandExpiryMs.max).describe('Log milliseconds after success'),
});

const timeMsSchema = z.int().describe('Log time, milliseconds since the epoch');

/** Whether the robot's own stream has confirmed what the command was to bring about. */
export const verifications = ['PENDING', 'VERIFIED', 'DIVERGED'] as const;

export type Verification = (typeof verifications)[number];

export const commandSchema = z
  .object({
    commandId: z.string(),
    robotId: z.string(),
    status: z.enum(commandStatuses),
    previousStatus: z.enum(commandStatuses).optional().describe('None at the first transition'),
    action: nameSchema,
    parameters: z.record(z.string(), z.unknown()).optional().describe('As requested'),
    requestedBy: textSchema.optional(),
    requestedAtMs: timeMsSchema,
    expiresAtMs: timeMsSchema.describe(
      'Log time at which it ends unless it has ended: EXPIRED when the robot never had it, else UNKNOWN',
    ),
    atMs: timeMsSchema.describe('Log time of this transition'),
    deliver: z.boolean().describe('Now it is due: hand it to the robot. True at QUEUED alone'),
    ask: z.boolean().optional().describe('Ask the robot what came of it. True at UNKNOWN, until it can not tell'),
    epoch: z
      .int()
      .optional()
      .describe("The robot's control epoch that it belongs to; a robot that knows a higher one refuses it"),
    tries: z.int().optional().describe('Which try this is, from 2'),
    attempt: z.int().optional().describe('The highest attempt to deliver that was told of'),
    instance: textSchema.optional().describe('Which instance of the service made that attempt'),
    idempotent: z.boolean().optional().describe('Doing it twice does no harm, so it may be handed over again unasked'),
    stop: z.boolean().optional(),
    cancels: z.string().optional().describe('The command that this one is to undo'),
    priority: z.enum(commandPriorities).optional(),
    notBeforeMs: timeMsSchema.optional(),
    after: afterSchema.optional(),
    needsApproval: z.boolean().optional(),
    approvedBy: textSchema.optional(),
    taskId: textSchema.optional(),
    rolloutId: textSchema.optional(),
    verification: z.enum(verifications).optional().describe('Of a command with a post-condition that has succeeded'),
    by: textSchema.optional().describe('Who caused this transition, where a person or system did'),
    reason: textSchema
      .optional()
      .describe("Why: the requester's at ACCEPTED, the platform's where it decided, else the robot's"),
    result: textSchema.optional().describe('What the robot says came of it'),
    eventId: z.string().optional().describe('The event that caused this; none for a timer'),
  })
  .describe('A command went from one status to the next. One event per transition, in the order of the transitions.');

export type CommandData = z.infer<typeof commandSchema>;
