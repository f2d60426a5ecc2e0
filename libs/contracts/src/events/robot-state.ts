import { z } from 'zod';
import { actionStatuses, errorLevels, nameSchema, numberSchema, rawSchema, textSchema } from './shared.ts';

export const batterySchema = z.object({
  percent: numberSchema
    .optional()
    .describe('Per cent of charge as the robot says it; real robots say -58 and 219, so it is not clamped'),
  voltageV: numberSchema.optional().describe('Volts'),
  charging: z.boolean().optional(),
});

export const poseSchema = z.object({
  x: numberSchema.describe('Metres on the map'),
  y: numberSchema.describe('Metres on the map'),
  z: numberSchema.optional().describe('Metres'),
  theta: numberSchema.optional().describe('Radians'),
  map: textSchema.optional(),
});

const velocitySchema = z.object({
  linearMps: numberSchema.optional().describe('Metres per second'),
  angularRps: numberSchema.optional().describe('Radians per second'),
});

export const safetySchema = z.object({
  emergencyStop: nameSchema.optional().describe('Which stop is active, NONE when none is'),
  fieldViolation: z.boolean().optional(),
});

export const activeErrorSchema = z.object({
  type: textSchema.min(1),
  level: z.enum(errorLevels),
  description: textSchema.optional(),
});

export const loadSchema = z.object({
  id: textSchema.optional(),
  type: textSchema.optional(),
  position: textSchema.optional(),
});

export const actionSchema = z.object({
  id: textSchema.min(1),
  type: textSchema.optional(),
  status: z.enum(actionStatuses),
  result: textSchema.optional(),
});

/** What a robot's connection to its broker or site server says. The last two end its presence at once. */
export const connectionStates = ['ONLINE', 'HIBERNATING', 'OFFLINE', 'CONNECTION_BROKEN'] as const;

/** Limits of the lists of one state, so that a robot's state stays bounded. */
export const stateListMax = { errors: 64, load: 64, actions: 256, deviations: 64 } as const;

export const robotStateSchema = z
  .object({
    connection: z
      .enum(connectionStates)
      .optional()
      .describe('OFFLINE and CONNECTION_BROKEN say that the robot is gone; they are no sign of life'),
    mode: nameSchema.optional().describe('Such as AUTOMATIC or MANUAL'),
    battery: batterySchema.optional(),
    pose: poseSchema.optional(),
    node: textSchema.optional().describe('The last graph node; an empty text: not known any more'),
    velocity: velocitySchema.optional(),
    driving: z.boolean().optional(),
    paused: z.boolean().optional(),
    safety: safetySchema.optional(),
    errors: z.array(activeErrorSchema).max(stateListMax.errors).optional().describe('Every error active now'),
    task: z
      .object({ id: textSchema, step: textSchema.optional() })
      .optional()
      .describe('The current task; an empty id: none'),
    load: z.array(loadSchema).max(stateListMax.load).optional().describe('Every load carried, or every slot'),
    actions: z.array(actionSchema).max(stateListMax.actions).optional().describe('Every action the robot knows'),
    deviations: z
      .array(nameSchema)
      .max(stateListMax.deviations)
      .optional()
      .describe('Where the raw message departs from its dialect; written by the platform'),
    conformance: z
      .object({
        dialect: nameSchema,
        version: z.string().max(32).optional().describe('As the message says it'),
        score: z.int().min(0).max(100),
      })
      .optional()
      .describe('How closely the raw message keeps to its dialect, 100 to the letter; written by the platform'),
    raw: rawSchema.optional(),
  })
  .describe(
    'A snapshot. A field that is left out is unchanged; a field that is given replaces what was known of it, ' +
      'so `errors`, `load` and `actions` are whole lists.',
  );

export type RobotStateData = z.infer<typeof robotStateSchema>;
