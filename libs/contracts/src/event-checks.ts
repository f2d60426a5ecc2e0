import { type RobotEventType } from './events/index.ts';

/**
 * Quick answers to whether a value fits its zod schema: `true` is final, `false` only means that zod has to be asked,
 * which also knows why not.
 */
export interface EventChecks {
  /** Whether an event fits `envelopeSchema`; `data` may be anything. */
  readonly envelope: (event: unknown) => boolean;
  /** Whether `data` fits the schema of its type. */
  readonly data: Readonly<Record<RobotEventType, (data: unknown) => boolean>>;
}
