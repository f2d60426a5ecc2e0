import { commandStatuses } from '@fleetstream/contracts';
import { isRobotId } from '@fleetstream/kernel';
import { z } from 'zod';
import { type ListPlace } from './command-book.ts';
import { refuse, type Refusal } from './refusal.ts';

const limitDefault = 100;
const limitMax = 1000;

/** A whole number in a query, where everything is text. */
export function wholeNumber(min: number, max: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d{1,15}$/, 'a whole number')
    .transform(Number)
    .pipe(z.int().min(min).max(max));
}

export const robotIdSchema = z.string().refine(isRobotId, 'a robot id');

export const cursorSchema = z.string().max(1024).describe('The `next` of the page before');

export const commandFilterSchema = z.strictObject({
  robotId: robotIdSchema.optional(),
  status: z.enum(commandStatuses).optional(),
  taskId: z.string().max(512).optional(),
  rolloutId: z.string().max(512).optional(),
  requestedBy: z.string().max(512).optional(),
  limit: wholeNumber(1, limitMax).default(limitDefault),
  cursor: cursorSchema.optional(),
});

const waitSchema = z.strictObject({ waitSeconds: z.coerce.number().int().min(0).default(0) });

export type ParsedQuery<Value> = { readonly kind: 'query'; readonly query: Value } | Refusal;

/** Reads a query by its schema. */
export function parseQuery<Schema extends z.ZodType>(schema: Schema, query: unknown): ParsedQuery<z.output<Schema>> {
  const parsed = schema.safeParse(query);
  return parsed.success ? { kind: 'query', query: parsed.data } : toRefusal(parsed.error);
}

/** `?waitSeconds=`; what is beyond `maxSeconds` waits that long. */
export function parseWait(
  query: unknown,
  maxSeconds: number,
): { readonly kind: 'wait'; readonly waitMs: number } | Refusal {
  const parsed = waitSchema.safeParse(query);
  if (!parsed.success) return toRefusal(parsed.error);
  return { kind: 'wait', waitMs: Math.min(parsed.data.waitSeconds, maxSeconds) * 1000 };
}

const placeSchema = z.tuple([z.int(), z.string(), z.string()]);

/** A place of the list as a text that callers hand back and don't read. */
export function toCursor({ requestedAtMs, robotId, commandId }: ListPlace): string {
  return encodeCursor([requestedAtMs, robotId, commandId]);
}

export function parseCursor(cursor: string): ParsedQuery<ListPlace> {
  const parsed = placeSchema.safeParse(decodeCursor(cursor));
  if (!parsed.success) return refuseCursor();
  const [requestedAtMs, robotId, commandId] = parsed.data;
  return { kind: 'query', query: { requestedAtMs, robotId, commandId } };
}

export function refuseCursor(): Refusal {
  return refuse('FS_QUERY_INVALID', 'cursor: not one that was given here');
}

export function encodeCursor(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** `undefined` for what is no cursor; what it says is still to be checked. */
export function decodeCursor(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function toRefusal(error: z.ZodError): Refusal {
  const [issue] = error.issues;
  return refuse('FS_QUERY_INVALID', `${issue?.path.join('.') ?? 'query'}: ${issue?.message ?? 'not valid'}`);
}
