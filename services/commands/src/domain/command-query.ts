import { commandStatuses } from '@fleetstream/contracts';
import { isRobotId } from '@fleetstream/kernel';
import { z } from 'zod';
import { type CommandFilter } from './command-book.ts';
import { refuse, type Refusal } from './refusal.ts';

const limitDefault = 100;
const limitMax = 1000;

const filterSchema = z.strictObject({
  robotId: z.string().refine(isRobotId, 'a robot id').optional(),
  status: z.enum(commandStatuses).optional(),
  limit: z.coerce.number().int().min(1).max(limitMax).default(limitDefault),
});

const waitSchema = z.strictObject({ waitSeconds: z.coerce.number().int().min(0).default(0) });

/** `?robotId=&status=&limit=` */
export function parseCommandFilter(
  query: unknown,
): { readonly kind: 'filter'; readonly filter: CommandFilter } | Refusal {
  const parsed = filterSchema.safeParse(query);
  return parsed.success ? { kind: 'filter', filter: parsed.data } : toRefusal(parsed.error);
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

function toRefusal(error: z.ZodError): Refusal {
  const [issue] = error.issues;
  return refuse('FS_QUERY_INVALID', `${issue?.path.join('.') ?? 'query'}: ${issue?.message ?? 'not valid'}`);
}
