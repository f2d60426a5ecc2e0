import { isRobotId } from '@fleetstream/kernel';
import { z } from 'zod';
import { commandEncodings } from './encode-commands.ts';

const textSchema = z.string().trim().min(1).max(512);
const tagSchema = z.string().trim().min(1).max(64);

/** What is known of a robot beside its id; a field that doesn't fit is left out, and the robot stays. */
export const robotFields = {
  name: textSchema,
  fleet: textSchema,
  site: textSchema,
  model: textSchema,
  /** At most 32. */
  tags: z.array(tagSchema).max(32),
  /** Where commands are posted; a robot without one asks for them. */
  callbackUrl: z.url({ protocol: /^https?$/ }).max(2048),
  /** How it reads them; as ours when left out. A robot that asks for them may say otherwise each time. */
  commandEncoding: z.enum(commandEncodings),
} as const;

export type RobotField = keyof typeof robotFields;

export const robotIdSchema = z.string().refine(isRobotId);

/** A robot as it is kept. */
export const robotSchema = z
  .object({ id: robotIdSchema, ...robotFields })
  .partial()
  .required({ id: true });

/** A robot as the Robot Platform lists it. */
export type PlatformRobot = Readonly<z.infer<typeof robotSchema>>;

/** All robots that the Robot Platform lists, or all but those that could not be read. */
export interface PlatformList {
  /** Each id once. */
  readonly robots: readonly PlatformRobot[];
  /** False when an entry was no robot: then nobody can say which robots are missing. */
  readonly complete: boolean;
}
