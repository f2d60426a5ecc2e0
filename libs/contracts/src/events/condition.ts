import { z } from 'zod';
import { numberSchema, textSchema } from './shared.ts';

/** What a condition may look at: what the robot says of itself, and whether it is heard of. */
const conditionPaths = [
  'presence',
  'mode',
  'battery.percent',
  'battery.charging',
  'node',
  'driving',
  'paused',
  'safety.emergencyStop',
  'safety.fieldViolation',
  'task.id',
  'task.status',
] as const;

export type ConditionPath = (typeof conditionPaths)[number];

const atSchema = z.object({
  x: numberSchema.describe('Metres on the map'),
  y: numberSchema.describe('Metres on the map'),
  withinM: numberSchema.min(0).describe('Metres'),
});

/** Something that holds of a robot or doesn't. What the robot never said holds of nothing. */
export const conditionSchema = z
  .union([
    z.strictObject({ path: z.enum(conditionPaths), equals: z.union([textSchema, numberSchema, z.boolean()]) }),
    z.strictObject({ path: z.enum(conditionPaths), above: numberSchema }),
    z.strictObject({ path: z.enum(conditionPaths), below: numberSchema }),
    z.strictObject({ pose: atSchema }),
  ])
  .describe("Something that holds of the robot's own word or doesn't; what it never said doesn't");

export type Condition = z.infer<typeof conditionSchema>;
