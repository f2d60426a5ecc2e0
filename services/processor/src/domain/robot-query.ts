import { errorLevels } from '@fleetstream/contracts';
import { AppError, isRobotId } from '@fleetstream/kernel';
import { type RobotFilter } from '@fleetstream/robot-model';
import { z } from 'zod';
import { parseCursor } from './robot-cursor.ts';

const pageLimit = { default: 100, max: 1000 } as const;
const waitMs = { default: 2000, max: 8000 } as const;

/** A page of robots that were chosen: those after `afterRobotId` in the order of their ids. */
export interface RobotPageQuery {
  readonly filter: RobotFilter;
  readonly limit: number;
  readonly afterRobotId: string | undefined;
  /** Just these, as far as they are known; then the filter is empty. */
  readonly ids?: readonly string[] | undefined;
}

/** What every question may say of how new its answer has to be. */
export interface Freshness {
  /** The answer holds every record of the partition before it. */
  readonly minOffset: number | undefined;
  readonly waitMs: number;
}

/** A moment of the past: everything before an offset, or everything up to a log time. */
export type PastMoment =
  { readonly kind: 'offset'; readonly offset: number } | { readonly kind: 'time'; readonly timeMs: number };

const whole = z
  .string()
  .regex(/^\d{1,15}$/, 'a whole number')
  .transform(Number);
const words = z
  .string()
  .max(512)
  .transform((text) => text.split(',').filter((word) => word !== ''));
/** A page of named robots; as many as fit into the line of a request. */
const idsSchema = z
  .string()
  .max(14_000)
  .transform((text) => [...new Set(text.split(','))])
  .pipe(z.array(z.string().refine(isRobotId, 'robot ids')).max(pageLimit.max));
const freshness = {
  minOffset: whole.optional(),
  waitMs: whole.pipe(z.number().max(waitMs.max)).default(waitMs.default),
};
const listSchema = z
  .strictObject({
    ...freshness,
    partition: whole.optional(),
    ids: idsSchema.optional(),
    limit: whole.pipe(z.number().min(1).max(pageLimit.max)).optional(),
    cursor: z.string().max(512).optional(),
    status: words.optional(),
    mode: words.optional(),
    fleet: words.optional(),
    site: words.optional(),
    batteryBelow: whole.pipe(z.number().max(1000)).optional(),
    errorLevel: z.enum(errorLevels).optional(),
    text: z.string().min(1).max(100).optional(),
    retired: z.stringbool({ truthy: ['true'], falsy: ['false'] }).optional(),
  })
  .refine(({ minOffset, partition }) => minOffset === undefined || partition !== undefined, {
    path: ['minOffset'],
    error: 'goes with partition: offsets count within one',
  });
const momentSchema = z.string().transform((text, context): PastMoment => {
  if (/^\d{1,15}$/.test(text)) return { kind: 'offset', offset: Number(text) };
  const timeMs =
    /^\d{4}-\d\d-\d\d[Tt ]/.test(text) && /(?:[Zz]|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(timeMs)) return { kind: 'time', timeMs };
  context.addIssue({ code: 'custom', message: 'an offset, or an RFC 3339 time with its zone' });
  return z.NEVER;
});
const robotSchema = z.strictObject({ ...freshness, at: momentSchema.optional() });
const capsuleSchema = z.strictObject({ from: momentSchema, to: momentSchema.optional() });

export interface RobotListQuery extends Freshness {
  readonly partition: number | undefined;
  /** `undefined`: all robots, for tools that compare whole partitions. */
  readonly page: RobotPageQuery | undefined;
}

/** @throws AppError FS_QUERY_INVALID */
export function parseListQuery(query: unknown): RobotListQuery {
  const { minOffset, waitMs: wait, partition, ids, limit, cursor, ...filters } = parse(listSchema, query);
  const isPaged = limit !== undefined || cursor !== undefined || Object.keys(filters).length > 0;
  if (ids !== undefined) {
    if (isPaged) throw new AppError('FS_QUERY_INVALID', 'ids: not with limit, cursor or a filter');
    return {
      minOffset,
      waitMs: wait,
      partition,
      page: { filter: {}, limit: ids.length, afterRobotId: undefined, ids },
    };
  }
  // Without undefined members: what is absent is no matter, and two equal filters have one text.
  const filter: RobotFilter = JSON.parse(JSON.stringify(filters)) as RobotFilter;
  const afterRobotId = cursor === undefined ? undefined : parseCursor(cursor, filter);
  const page = isPaged ? { filter, limit: limit ?? pageLimit.default, afterRobotId } : undefined;
  return { minOffset, waitMs: wait, partition, page };
}

/** @throws AppError FS_QUERY_INVALID */
export function parseRobotQuery(query: unknown): Freshness & { readonly at: PastMoment | undefined } {
  const { minOffset, waitMs: wait, at } = parse(robotSchema, query);
  if (at !== undefined && minOffset !== undefined) throw new AppError('FS_QUERY_INVALID', 'minOffset: not with at');
  return { minOffset, waitMs: wait, at };
}

/** @throws AppError FS_QUERY_INVALID */
export function parseCapsuleQuery(query: unknown): { readonly from: PastMoment; readonly to: PastMoment | undefined } {
  const { from, to } = parse(capsuleSchema, query);
  return { from, to };
}

function parse<Schema extends z.ZodType>(schema: Schema, query: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AppError('FS_QUERY_INVALID', `${issue?.path.join('.') ?? 'query'}: ${issue?.message ?? 'not valid'}`);
}
