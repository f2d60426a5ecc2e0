import {
  rolloutCommandSchema,
  rolloutGateSchema,
  rolloutPlanSchema,
  type RolloutPlan,
  selectorSchema,
} from '@fleetstream/contracts';
import { z } from 'zod';
import { canonicalJson } from './canonical-json.ts';
import { refuseBody } from './command-request.ts';
import { refuse, type Refusal } from './refusal.ts';

/** `POST /v1/commands`: what, whom, and in which steps. */
export const rolloutBodySchema = z.strictObject({
  selector: selectorSchema,
  command: rolloutCommandSchema,
  needsApproval: z.boolean().optional().describe('Nobody is asked before somebody else approves; false when left out'),
  rollout: rolloutPlanSchema
    .optional()
    .describe('Left out: all at once, and nothing stops it but a person. Given: with a gate, if only the default one'),
  dryRun: z.boolean().optional().describe('Says whom it would be for, and asks nobody'),
});

export type RolloutBody = z.infer<typeof rolloutBodySchema>;

const controlBodySchema = z.strictObject({ reason: z.string().max(512).optional() });

/** `POST /v1/rollouts/{rolloutId}/pause` and the like; no body is an empty one. */
export const rolloutControlSchema = controlBodySchema;

export function parseRolloutBody(body: unknown): { readonly kind: 'body'; readonly body: RolloutBody } | Refusal {
  const parsed = rolloutBodySchema.safeParse(body);
  if (parsed.success) return { kind: 'body', body: parsed.data };
  const isSelector = parsed.error.issues[0]?.path[0] === 'selector';
  return { ...refuseBody(parsed.error), ...(isSelector && { code: 'FS_SELECTOR_INVALID' as const }) };
}

export function parseControlBody(
  body: unknown,
): { readonly kind: 'control'; readonly reason: string | undefined } | Refusal {
  const parsed = controlBodySchema.safeParse(body ?? {});
  if (!parsed.success) return refuse('FS_COMMAND_MALFORMED', 'body: {"reason"?: at most 512 characters}');
  return { kind: 'control', reason: parsed.data.reason };
}

/** The plan as it is carried out: who plans waves gets a gate. */
export function toPlan({ rollout }: RolloutBody): RolloutPlan {
  return rollout === undefined ? {} : { ...rollout, gate: rollout.gate ?? rolloutGateSchema.parse({}) };
}

/** What makes two requests the same. Whom the selector stood for is resolved by the first alone. */
export function toRolloutIdentity({ selector, command, rollout, needsApproval }: RolloutBody): string {
  return canonicalJson([selector, command, rollout ?? null, needsApproval ?? false]);
}
