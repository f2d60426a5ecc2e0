import { commandExpiryMs, type CommandRequestedData, commandRequestedSchema } from '@fleetstream/contracts';
import { canonicalJson } from './canonical-json.ts';
import { type CommandView } from './command-view.ts';
import { refuse, type Refusal } from './refusal.ts';

/** What the caller gave; the service adds the id and who asked. */
export const commandBodySchema = commandRequestedSchema
  .omit({ requestedBy: true })
  .partial({ commandId: true })
  .strict();

export interface RequestGiven {
  readonly body: unknown;
  readonly idempotencyKey: string | undefined;
  readonly requestedBy: string;
  /** Makes a command's id from the robot's id and the key. */
  readonly toCommandId: (key: string) => string;
}

const keyPattern = /^[\x21-\x7e]{1,255}$/;

/** Reads a request for a command. */
export function parseCommandRequest(
  given: RequestGiven,
): { readonly kind: 'request'; readonly data: CommandRequestedData } | Refusal {
  const parsed = commandBodySchema.safeParse(given.body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue?.path.join('.') ?? '';
    return refuse('FS_COMMAND_MALFORMED', `${place === '' ? 'body' : place}: ${issue?.message ?? 'not a command'}`);
  }
  const { idempotencyKey: key, requestedBy } = given;
  const commandId =
    parsed.data.commandId ?? (key !== undefined && keyPattern.test(key) ? given.toCommandId(key) : undefined);
  if (commandId === undefined) {
    return refuse('FS_IDEMPOTENCY_KEY_INVALID', 'header Idempotency-Key: 1 to 255 visible ASCII characters');
  }
  return { kind: 'request', data: { ...parsed.data, commandId, requestedBy } };
}

/**
 * What makes two requests the same: the robot, what it is to do and for how long that is wanted. Who asks and why may
 * differ: a person who repeats a request that seemed lost doesn't repeat the reason to the letter.
 */
export function toRequestIdentity(robotId: string, data: CommandRequestedData): string {
  const { action, parameters, expiresInMs = commandExpiryMs.default } = data;
  return canonicalJson([robotId, action, parameters ?? null, expiresInMs]);
}

/** The same of a command that the log knows. */
export function toViewIdentity({ robotId, action, parameters, requestedAtMs, expiresAtMs }: CommandView): string {
  return canonicalJson([robotId, action, parameters ?? null, expiresAtMs - requestedAtMs]);
}
