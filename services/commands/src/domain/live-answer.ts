import { z } from 'zod';

const errorSchema = z.looseObject({ type: z.string(), level: z.string() });

/** What the processor's state of a robot says, as far as an operator asks for it. */
const stateSchema = z.object({
  robotId: z.string(),
  identity: z.looseObject({ fleet: z.string().optional(), site: z.string().optional() }),
  presence: z.looseObject({ status: z.string() }),
  clockOffsetMs: z.number().optional(),
  reported: z.looseObject({ mode: z.string().optional() }),
  errors: z.array(errorSchema),
  commands: z.object({ epoch: z.int().optional(), open: z.array(z.unknown()).optional() }).optional(),
  published: z.looseObject({ revision: z.int() }),
});
export const liveStateSchema = z.object({
  state: stateSchema,
  asOf: z.object({ partition: z.int(), offset: z.int(), logTimeMs: z.int() }),
});

export type LiveState = Readonly<z.infer<typeof liveStateSchema>>;

/** `away`: the processor did not answer; with what it last said, if it ever said something. */
export type LiveAnswer =
  | { readonly kind: 'live'; readonly live: LiveState; readonly ageMs: number }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'away'; readonly live: LiveState | undefined; readonly ageMs: number | undefined };
