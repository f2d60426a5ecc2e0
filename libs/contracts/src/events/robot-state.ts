import { z } from 'zod';
import { actionStatuses, errorLevels, nameSchema, numberSchema, rawSchema, textSchema } from './shared.ts';

export const batterySchema = z.object({
  /** Per cent of charge as the robot says it; real robots say -58 and 219, so it is not clamped here. */
  percent: numberSchema.optional(),
  voltageV: numberSchema.optional(),
  charging: z.boolean().optional(),
});

export const poseSchema = z.object({
  /** Metres on the map. */
  x: numberSchema,
  y: numberSchema,
  z: numberSchema.optional(),
  /** Radians. */
  theta: numberSchema.optional(),
  map: textSchema.optional(),
});

export const activeErrorSchema = z.object({
  type: textSchema.min(1),
  level: z.enum(errorLevels),
  description: textSchema.optional(),
});

export const actionSchema = z.object({
  id: textSchema.min(1),
  type: textSchema.optional(),
  status: z.enum(actionStatuses),
  result: textSchema.optional(),
});

/** `robot.state.v1`: a snapshot. What a field leaves out is unchanged; `errors` and `actions`, when given, are whole. */
export const robotStateSchema = z.object({
  mode: nameSchema.optional(),
  battery: batterySchema.optional(),
  pose: poseSchema.optional(),
  /** The last graph node, for robots that know no coordinates. */
  node: textSchema.optional(),
  velocity: z.object({ linearMps: numberSchema.optional(), angularRps: numberSchema.optional() }).optional(),
  driving: z.boolean().optional(),
  paused: z.boolean().optional(),
  safety: z.object({ emergencyStop: nameSchema.optional(), fieldViolation: z.boolean().optional() }).optional(),
  errors: z.array(activeErrorSchema).max(64).optional(),
  task: z.object({ id: textSchema, step: textSchema.optional() }).optional(),
  load: z
    .array(z.object({ id: textSchema.optional(), type: textSchema.optional(), position: textSchema.optional() }))
    .max(64)
    .optional(),
  actions: z.array(actionSchema).max(256).optional(),
  raw: rawSchema.optional(),
});

export type RobotStateData = z.infer<typeof robotStateSchema>;
