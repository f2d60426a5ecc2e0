import { z } from 'zod';
import { nameSchema, textSchema } from './shared.ts';

/** How a command stands, in the order of its life; the last four end it. */
export const commandStatuses = [
  'ACCEPTED',
  'QUEUED',
  'SENT',
  'DELIVERED',
  'ACKED',
  'RUNNING',
  'SUCCEEDED',
  'FAILED',
  'REJECTED',
  'EXPIRED',
] as const;

export type CommandStatus = (typeof commandStatuses)[number];

/** What ends a command. Terminal is terminal: nothing moves it any more. */
export const terminalStatuses = ['SUCCEEDED', 'FAILED', 'REJECTED', 'EXPIRED'] as const;

export type TerminalStatus = (typeof terminalStatuses)[number];

const terminal: ReadonlySet<CommandStatus> = new Set(terminalStatuses);

/** Whether a command with this status has come to its end. */
export function isTerminal(status: CommandStatus): status is TerminalStatus {
  return terminal.has(status);
}

/** What a robot may say of a command. */
export const commandAckStatuses = ['ACKED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'REJECTED'] as const;

/** What may come of handing a command to its robot. */
export const deliveryOutcomes = ['SENT', 'DELIVERED', 'UNDELIVERABLE'] as const;

/** `pull`: the robot asked for its commands; `push`: they were posted to its callback URL. */
export const deliveryChannels = ['pull', 'push'] as const;

/** Log time from the request until the command expires, in milliseconds. */
export const commandExpiryMs = { min: 1_000, max: 86_400_000, default: 300_000 } as const;

/** Longest `parameters` as JSON, in UTF-16 units: open commands are kept in the robot's state. */
export const commandParametersMax = 4_096;

/** A command's id is a path segment of the API, and what the robot repeats in its answers. */
export const commandIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9][\w.:-]{0,127}$/, 'an id: a letter or digit, then up to 127 of A-Z a-z 0-9 _ . : -');

const timeMsSchema = z.int().describe('Log time, milliseconds since the epoch');

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
    expiresAtMs: timeMsSchema.describe('Log time at which it expires unless it has ended'),
    atMs: timeMsSchema.describe('Log time of this transition'),
    deliver: z.boolean().describe('Now it is due: hand it to the robot. True at QUEUED alone'),
    attempt: z.int().optional().describe('The highest attempt that a delivery result has told of'),
    reason: textSchema
      .optional()
      .describe("Why: the requester's at ACCEPTED, queue-full at REJECTED by the platform, else the robot's"),
    result: textSchema.optional().describe('What the robot says came of it'),
    eventId: z.string().optional().describe('The event that caused this; none for a timer'),
  })
  .describe(
    'A command went from one status to the next. One event per transition, in the order of the transitions; a status ' +
      'may be jumped over and is never gone back to.',
  );

export type CommandData = z.infer<typeof commandSchema>;
