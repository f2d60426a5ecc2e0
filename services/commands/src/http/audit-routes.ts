import { type Clock } from '@fleetstream/kernel';
import { z } from 'zod';
import { type AuditLog } from '../adapters/audit-log.ts';
import { auditActs } from '../domain/audit-entry.ts';
import {
  cursorSchema,
  decodeCursor,
  encodeCursor,
  parseQuery,
  refuseCursor,
  robotIdSchema,
  wholeNumber,
} from '../domain/command-query.ts';
import { refuse } from '../domain/refusal.ts';
import { type RobotPlaces } from '../robot-places.ts';
import { type ApiRoute } from './api-route.ts';

export interface AuditRouteParts {
  readonly audit: AuditLog;
  readonly places: RobotPlaces;
  readonly clock: Clock;
}

const dayMs = 86_400_000;
const timeSchema = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .pipe(z.number());
const auditQuery = z.strictObject({
  robotId: robotIdSchema.optional(),
  by: z.string().min(1).max(512).optional().describe('The person or program'),
  act: z.enum(auditActs).optional(),
  from: timeSchema.optional().describe('RFC 3339; a day ago when left out'),
  to: timeSchema.optional().describe('RFC 3339; now when left out'),
  limit: wholeNumber(1, 1000).default(100),
  cursor: cursorSchema.optional(),
});
const offsetsSchema = z.record(z.string().regex(/^\d{1,6}$/), z.int().min(0));
const entrySchema = z.looseObject({
  atMs: z.int(),
  by: z.string(),
  act: z.enum(auditActs),
  robotId: z.string(),
  commandId: z.string(),
});

/** Who did what, when and why. */
export function createAuditRoutes({ audit, places, clock }: AuditRouteParts): readonly ApiRoute[] {
  return [
    {
      method: 'get',
      path: '/v1/audit',
      operationId: 'readAudit',
      summary: 'Who did what, when and why, from the log: the oldest first',
      access: 'operator',
      query: auditQuery,
      answers: {
        200: {
          description: 'A page; `next` is there when it goes on, even when this one is empty',
          schema: z.object({ entries: z.array(entrySchema), next: z.string().optional() }),
        },
      },
      refusals: ['FS_QUERY_INVALID', 'FS_ROBOT_UNKNOWN', 'FS_OVERLOADED', 'FS_BROKER_UNAVAILABLE'],
      handle: async (request, response, caller) => {
        const parsed = parseQuery(auditQuery, request.query);
        if (parsed.kind === 'refused') return parsed;
        const { robotId, by, act, limit, cursor } = parsed.query;
        const offsets = cursor === undefined ? undefined : offsetsSchema.safeParse(decodeCursor(cursor));
        if (offsets?.success === false) return refuseCursor();
        if (robotId !== undefined && !(await places.mayKnow(caller, robotId))) {
          return refuse('FS_ROBOT_UNKNOWN', 'query: robotId');
        }
        const { to: toMs = clock.nowMs() + dayMs, from: fromMs = clock.nowMs() - dayMs } = parsed.query;
        const page = await audit.read({
          ...{ robotId, fromMs, toMs, limit, offsets: offsets?.data },
          isMeant: (entry) =>
            (robotId === undefined || entry.robotId === robotId) &&
            (by === undefined || entry.by === by) &&
            (act === undefined || entry.act === act) &&
            places.reaches(caller, entry.robotId),
        });
        response.json({ entries: page.entries, ...(page.next !== undefined && { next: encodeCursor(page.next) }) });
        return undefined;
      },
    },
  ];
}
