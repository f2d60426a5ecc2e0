import { z } from 'zod';
import { conditionSchema } from './condition.ts';
import { commandRequestedSchema } from './fleet-events.ts';
import { errorLevels, textSchema } from './shared.ts';

/** What bounds a rollout. A part of the list of robots stays far below the largest record that the log takes. */
export const rolloutMax = { robots: 100_000, robotsPerPart: 4_000, ids: 10_000, waves: 1_000, places: 256 } as const;

/** An id of a rollout is short: the ids of its commands are made of it and the robot's. */
const rolloutIdSchema = z.string().regex(/^[A-Za-z0-9][\w-]{0,39}$/, 'an id of a rollout');

/** Which robots are meant: those of which everything that is given holds. */
export const selectorSchema = z
  .strictObject({
    all: z.literal(true).optional().describe('Every robot, as far as nothing else is given'),
    ids: z.array(z.string().max(64)).min(1).max(rolloutMax.ids).optional().describe('Each must be known'),
    fleet: textSchema.min(1).optional(),
    site: textSchema.min(1).optional(),
    model: textSchema.min(1).optional(),
    tags: z.array(z.string().min(1).max(64)).min(1).max(16).optional().describe('The robot has all of them'),
    state: conditionSchema.optional().describe('Of the state that was published last'),
  })
  .describe('Which robots are meant: those of which everything that is given holds.');

/** What each robot is to do. What is about one robot's queue is left out. */
export const rolloutCommandSchema = commandRequestedSchema
  .omit({ commandId: true, requestedBy: true, taskId: true, rolloutId: true })
  .omit({ after: true, ifEpoch: true, needsApproval: true })
  .strict()
  .describe('What each of the robots is asked to do.');

const sizeSchema = z.union([
  z.strictObject({ robots: z.int().min(1).max(rolloutMax.robots) }),
  z.strictObject({ percent: z.number().gt(0).max(100).describe('Of all of its robots') }),
]);

const percentSchema = z.number().min(0).max(100);

export const rolloutGateSchema = z
  .strictObject({
    failedPercentMax: percentSchema
      .default(0)
      .describe('Robots whose command ended otherwise than SUCCEEDED, or whose state then DIVERGED'),
    errorPercentMax: percentSchema.default(0).describe('Robots that raised an error since they were asked'),
    errorLevel: z.enum(errorLevels).default('FATAL').describe('The least level of error that counts'),
    observeMs: z
      .int()
      .min(0)
      .max(3_600_000)
      .default(60_000)
      .describe("Milliseconds after the wave's last robot was asked in which errors are waited for"),
  })
  .describe('What lets the next wave begin; what passes a limit aborts the rollout at once.');

export const rolloutPlanSchema = z
  .strictObject({
    canary: sizeSchema.optional().describe('The first wave; none when left out'),
    wave: sizeSchema.optional().describe('Each wave after it; all that is left when left out'),
    robotsPerMinute: z.int().min(1).max(600_000).optional().describe('As fast as possible when left out'),
    gate: rolloutGateSchema.optional(),
  })
  .describe('In which steps the robots are asked.');

export const gateFiguresSchema = z
  .object({
    robots: z.int().describe('That were asked'),
    ended: z.int().describe('Whose command has come to an end'),
    succeeded: z.int(),
    failed: z.int().describe('FAILED, REJECTED, EXPIRED, CANCELLED, SUPERSEDED or UNKNOWN, or never heard of'),
    diverged: z.int().describe('Succeeded, but the state did not show what it was to bring about'),
    raisedErrors: z.int(),
  })
  .describe('What a gate looks at, counted in robots.');

const bySchema = textSchema.describe('Which instance of the service wrote it');

const placeSchema = z.object({ fleet: textSchema.optional(), site: textSchema.optional() });

/** The pinned list comes first, in parts; the creation names it and seals it. */
export const rolloutRobotsSchema = z
  .object({
    rolloutId: rolloutIdSchema,
    listId: z.string().max(64).describe('Of this list: another attempt to create the rollout has another'),
    part: z.int().min(0),
    robotIds: z.array(z.string().max(64)).max(rolloutMax.robotsPerPart),
  })
  .describe('A part of the list of robots that a rollout is for. It is resolved once and never again.');

export const rolloutCreatedSchema = z
  .object({
    rolloutId: rolloutIdSchema,
    by: bySchema,
    listId: z.string().max(64),
    parts: z.int().min(1),
    robots: z.int().min(1).max(rolloutMax.robots),
    command: rolloutCommandSchema,
    selector: selectorSchema.omit({ ids: true }).extend({ ids: z.int().optional().describe('How many were given') }),
    plan: rolloutPlanSchema,
    fingerprint: z.string().max(64).describe('Of the request, by which the same one again is known'),
    requestedBy: textSchema,
    needsApproval: z.boolean().optional().describe('Nobody is asked before somebody else approves'),
    places: z
      .array(placeSchema)
      .max(rolloutMax.places)
      .optional()
      .describe('Where its robots belong: who may not know of all of them may not know of it. None: too many to list'),
  })
  .describe('A rollout begins. The first of its id counts.');

const stepSchema = z
  .int()
  .min(1)
  .describe('Events of the rollout that count, before this one; it is void when another came between');

export const rolloutReleasedSchema = z
  .object({
    rolloutId: rolloutIdSchema,
    step: stepSchema,
    by: bySchema,
    wave: z.int().min(0),
    from: z.int().min(0).describe('Index in the list'),
    to: z.int().min(1).describe('Exclusive'),
  })
  .describe('The next robots of a wave are asked.');

export const rolloutPassedSchema = z
  .object({
    rolloutId: rolloutIdSchema,
    step: stepSchema,
    by: bySchema,
    wave: z.int().min(0),
    figures: gateFiguresSchema,
  })
  .describe('A wave passed its gate. With the last one the rollout is finished.');

export const rolloutAbortedSchema = z
  .object({
    rolloutId: rolloutIdSchema,
    step: stepSchema,
    by: bySchema,
    reason: z.enum(['failed', 'errors', 'too-old']),
    wave: z.int().min(0),
    figures: gateFiguresSchema,
  })
  .describe('A gate aborted the rollout: nobody else is asked, and what no robot was given yet is cancelled.');

export const rolloutControlledSchema = z
  .object({
    rolloutId: rolloutIdSchema,
    action: z.enum(['approve', 'pause', 'resume', 'abort']),
    requestedBy: textSchema,
    reason: textSchema.optional(),
  })
  .describe(
    'Somebody approved, paused, resumed or aborted the rollout. It counts whatever else was decided meanwhile; of who ' +
      'requested the rollout, an approval does not.',
  );

export type Selector = z.infer<typeof selectorSchema>;
export type RolloutCommand = z.infer<typeof rolloutCommandSchema>;
export type RolloutPlan = z.infer<typeof rolloutPlanSchema>;
export type RolloutGate = z.infer<typeof rolloutGateSchema>;
export type GateFigures = z.infer<typeof gateFiguresSchema>;
export type RolloutRobotsData = z.infer<typeof rolloutRobotsSchema>;
export type RolloutCreatedData = z.infer<typeof rolloutCreatedSchema>;
export type RolloutReleasedData = z.infer<typeof rolloutReleasedSchema>;
export type RolloutPassedData = z.infer<typeof rolloutPassedSchema>;
export type RolloutAbortedData = z.infer<typeof rolloutAbortedSchema>;
export type RolloutControlledData = z.infer<typeof rolloutControlledSchema>;
