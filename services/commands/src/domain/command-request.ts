import { commandExpiryMs, type CommandRequestedData, commandRequestedSchema } from '@fleetstream/contracts';
import { z } from 'zod';
import { canonicalJson } from './canonical-json.ts';
import { refuse, type Refusal } from './refusal.ts';

/** What the caller gives; the service adds the id, who asked, and what belongs to tasks and rollouts. */
export const commandBodySchema = commandRequestedSchema
  .omit({ requestedBy: true, taskId: true, rolloutId: true })
  .partial({ commandId: true })
  .strict();

/** Visible ASCII, so that it is the same on every way through headers. */
export const idempotencyKeySchema = z.string().regex(/^[\x21-\x7e]{1,255}$/, '1 to 255 visible ASCII characters');

/** What is the same for every request of this service. */
export interface RequestPolicy {
  /** Actions that somebody else has to approve, whatever the caller says. */
  readonly hazardousActions: ReadonlySet<string>;
}

export interface RequestGiven {
  readonly body: unknown;
  readonly idempotencyKey: string | undefined;
  readonly requestedBy: string;
  /** Makes a command's id from the robot's id and the key. */
  readonly toCommandId: (key: string) => string;
  readonly policy: RequestPolicy;
}

/** Reads a request for a command. */
export function parseCommandRequest(
  given: RequestGiven,
): { readonly kind: 'request'; readonly data: CommandRequestedData } | Refusal {
  const parsed = commandBodySchema.safeParse(given.body);
  if (!parsed.success) return refuseBody(parsed.error);
  const key = idempotencyKeySchema.safeParse(given.idempotencyKey);
  const commandId = parsed.data.commandId ?? (key.success ? given.toCommandId(key.data) : undefined);
  if (commandId === undefined) return refuseKey();
  return applyPolicy({ ...parsed.data, commandId, requestedBy: given.requestedBy }, given.policy);
}

/** What is hazardous needs an approval; a stop can't wait for one, so nothing hazardous may call itself a stop. */
export function applyPolicy(
  data: CommandRequestedData,
  { hazardousActions }: RequestPolicy,
): { readonly kind: 'request'; readonly data: CommandRequestedData } | Refusal {
  const isHazardous = hazardousActions.has(data.action);
  if (data.stop === true && (isHazardous || data.needsApproval === true || data.after !== undefined)) {
    return refuse('FS_COMMAND_MALFORMED', 'stop: waits for nobody, so neither for an approval nor for another command');
  }
  return { kind: 'request', data: isHazardous ? { ...data, needsApproval: true } : data };
}

/** The first thing that is wrong with a body. */
export function refuseBody(error: z.ZodError): Refusal {
  const [issue] = error.issues;
  const place = issue?.path.join('.') ?? '';
  return refuse('FS_COMMAND_MALFORMED', `${place === '' ? 'body' : place}: ${issue?.message ?? 'not a command'}`);
}

export function refuseKey(): Refusal {
  return refuse('FS_IDEMPOTENCY_KEY_INVALID', 'header Idempotency-Key: 1 to 255 visible ASCII characters');
}

/**
 * What makes two requests the same: the robot and everything that was asked for, defaults spelt out. Who asks and why
 * may differ: a person who repeats a request that seemed lost doesn't repeat the reason to the letter.
 */
export function toRequestIdentity(robotId: string, data: CommandRequestedData): string {
  const defaults = { expiresInMs: commandExpiryMs.default, triesMax: 1, priority: 'normal' };
  const flags = { stop: false, idempotent: false, needsApproval: false };
  return canonicalJson([
    robotId,
    { parameters: null, ...defaults, ...flags, ...data, requestedBy: null, reason: null },
  ]);
}
