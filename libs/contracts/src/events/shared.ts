import { z } from 'zod';

/** Names of metrics, modes and the like: short, printable, and never a number, so that JSON objects keep their order. */
export const nameSchema = z
  .string()
  .regex(/^[A-Za-z][\w.:/-]{0,63}$/, 'a name: a letter, then up to 63 of A-Z a-z 0-9 _ . : / -');

/** Free text from a robot, bounded because it is kept in the robot's state. */
export const textSchema = z.string().max(512);

/** Finite by JSON's nature; bounded so that sums over a life stay exact enough. */
export const numberSchema = z.number().min(-1e15).max(1e15);

/** VDA 5050 (3.0) error levels, least first. */
export const errorLevels = ['WARNING', 'URGENT', 'CRITICAL', 'FATAL'] as const;

export type ErrorLevel = (typeof errorLevels)[number];

/** How an action or a task stands; the terms of VDA 5050's `actionStatus` (RETRIABLE since 3.0). */
export const actionStatuses = [
  'WAITING',
  'INITIALIZING',
  'RUNNING',
  'PAUSED',
  'RETRIABLE',
  'FINISHED',
  'FAILED',
] as const;

export type ActionStatus = (typeof actionStatuses)[number];

/** The raw message of a dialect, kept beside what was read from it. Anything that JSON can say. */
export const rawSchema = z.unknown().describe('The message as the robot said it in its own dialect');
