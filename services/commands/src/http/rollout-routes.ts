import { type Caller, isUnlimited, mayReach } from '@fleetstream/access';
import { commandStatuses, type RolloutControlledData } from '@fleetstream/contracts';
import { type Clock, toMessage } from '@fleetstream/kernel';
import { type Request } from 'express';
import { z } from 'zod';
import { refuse, type Refusal } from '../domain/refusal.ts';
import { hasEnded, type Rollout } from '../domain/rollout.ts';
import { parseControlBody, rolloutBodySchema, rolloutControlSchema } from '../domain/rollout-request.ts';
import { toRobotViews, toRolloutSummary, toRolloutView } from '../domain/rollout-view.ts';
import { type ApiRoute, readParam } from './api-route.ts';
import { createPostRollout, type PostRolloutParts } from './post-rollout.ts';
import { etagHeader, sendTagged } from './send-tagged.ts';

export interface RolloutRouteParts extends PostRolloutParts {
  readonly clock: Clock;
}

/** Ten thousand ids of robots fit. */
const selectorBytesMax = 1024 * 1024;

const phaseSchema = z.enum(['CREATED', 'WAITING', 'RUNNING', 'PAUSED', 'FINISHED', 'ABORTED']);
const summarySchema = z.looseObject({ rolloutId: z.string(), phase: phaseSchema, robots: z.int(), asked: z.int() });
const viewSchema = summarySchema.extend({
  counts: z.record(z.string(), z.int()),
  waves: z.array(z.looseObject({ wave: z.int() })),
});
const robotsQuery = z.object({
  status: z.enum(['WAITING', 'ASKED', 'WITHDRAWN', ...commandStatuses]).optional(),
  cursor: z
    .string()
    .regex(/^\d{1,6}$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/** Commands to many robots at once. */
export function createRolloutRoutes(parts: RolloutRouteParts): readonly ApiRoute[] {
  return [
    postRollout(parts),
    listRollouts(parts),
    getRollout(parts),
    listRobots(parts),
    control(parts, 'approve'),
    control(parts, 'pause'),
    control(parts, 'resume'),
    control(parts, 'abort'),
  ];
}

function postRollout(parts: RolloutRouteParts): ApiRoute {
  return {
    method: 'post',
    path: '/v1/commands',
    operationId: 'createRollout',
    summary: 'Ask many robots, all at once or wave by wave; the same Idempotency-Key again is the same rollout',
    access: 'operator',
    headers: z.object({ 'idempotency-key': z.string().optional() }),
    body: rolloutBodySchema,
    bodyBytesMax: selectorBytesMax,
    answers: {
      200: {
        description: 'What a dry run would be for',
        schema: z.object({ robots: z.int(), sample: z.array(z.string()), waves: z.array(z.int()) }),
      },
      202: {
        description: 'It is in the log, and the robots are pinned',
        schema: z.object({ rolloutId: z.string(), phase: phaseSchema, robots: z.int() }),
      },
    },
    refusals: [
      'FS_SELECTOR_INVALID',
      'FS_SELECTION_EMPTY',
      'FS_COMMAND_MALFORMED',
      'FS_IDEMPOTENCY_KEY_INVALID',
      'FS_IDEMPOTENCY_CONFLICT',
      'FS_PLATFORM_UNAVAILABLE',
      'FS_BROKER_UNAVAILABLE',
      'FS_NOT_READY',
      'FS_OVERLOADED',
    ],
    handle: createPostRollout(parts),
  };
}

function listRollouts({ rollouts }: RolloutRouteParts): ApiRoute {
  return {
    method: 'get',
    path: '/v1/rollouts',
    operationId: 'listRollouts',
    summary: 'Those that have not ended, and the last that have; the newest first',
    access: 'viewer',
    answers: { 200: { description: 'All of them', schema: z.object({ rollouts: z.array(summarySchema) }) } },
    refusals: [],
    handle: (_request, response, caller) => {
      const reached = [...rollouts.book.all()].filter((rollout) => mayKnow(caller, rollout)).reverse();
      response.json({ rollouts: reached.map(toRolloutSummary) });
      return undefined;
    },
  };
}

function getRollout(parts: RolloutRouteParts): ApiRoute {
  return {
    method: 'get',
    path: '/v1/rollouts/{rolloutId}',
    operationId: 'getRollout',
    summary: 'How a rollout stands: counts by status, its waves, and what their gates see',
    access: 'viewer',
    headers: etagHeader,
    answers: {
      200: { description: 'The rollout', schema: viewSchema },
      304: { description: 'It is as it was' },
    },
    refusals: ['FS_ROLLOUT_UNKNOWN'],
    handle: (request, response, caller) => {
      const rollout = findRollout(parts, request, caller);
      if ('kind' in rollout) return rollout;
      sendTagged(request, response, toRolloutView(rollout, parts.rollouts.progress, parts.clock.nowMs()));
      return undefined;
    },
  };
}

function listRobots(parts: RolloutRouteParts): ApiRoute {
  return {
    method: 'get',
    path: '/v1/rollouts/{rolloutId}/robots',
    operationId: 'listRolloutRobots',
    summary: 'The robots that were pinned, in their order, and how each stands',
    access: 'viewer',
    query: robotsQuery,
    answers: {
      200: {
        description: 'A page',
        schema: z.object({
          robots: z.array(z.looseObject({ robotId: z.string(), commandId: z.string(), status: z.string() })),
          nextCursor: z.string().optional(),
        }),
      },
    },
    refusals: ['FS_ROLLOUT_UNKNOWN', 'FS_QUERY_INVALID'],
    handle: (request, response, caller) => {
      const query = robotsQuery.strict().safeParse(request.query);
      if (!query.success) return refuse('FS_QUERY_INVALID', query.error.issues[0]?.path.join('.') ?? 'query');
      const rollout = findRollout(parts, request, caller);
      if ('kind' in rollout) return rollout;
      const { status, limit, cursor = '0' } = query.data;
      const page = { from: Number(cursor), limit, status };
      const { robots, next } = toRobotViews(rollout, parts.rollouts.progress, page);
      response.json({ robots, ...(next !== undefined && { nextCursor: String(next) }) });
      return undefined;
    },
  };
}

function control(parts: RolloutRouteParts, action: RolloutControlledData['action']): ApiRoute {
  const { rollouts, log, clock } = parts;
  return {
    method: 'post',
    path: `/v1/rollouts/{rolloutId}/${action}`,
    operationId: `${action}Rollout`,
    summary: summaries[action],
    access: action === 'approve' ? 'approver' : 'operator',
    // Stopping what goes wrong must not be held back.
    urgent: action === 'pause' || action === 'abort',
    body: rolloutControlSchema,
    bodyOptional: true,
    answers: { 200: { description: 'How it stands now', schema: viewSchema } },
    refusals: [
      'FS_ROLLOUT_UNKNOWN',
      'FS_ROLLOUT_ENDED',
      'FS_FORBIDDEN',
      'FS_COMMAND_MALFORMED',
      'FS_BROKER_UNAVAILABLE',
    ],
    handle: async (request, response, caller) => {
      const given = parseControlBody(request.body);
      if (given.kind === 'refused') return given;
      const rollout = findRollout(parts, request, caller);
      if ('kind' in rollout) return rollout;
      if (!isAllowed(rollout, action)) return refuse('FS_ROLLOUT_ENDED', `${action}: it is ${rollout.phase}`);
      const { rolloutId } = rollout.created;
      if (action === 'approve' && rollout.created.requestedBy === caller.subject) {
        return refuse('FS_FORBIDDEN', 'approve: somebody else has to, not who asked for it');
      }
      const { reason } = given;
      const data = { rolloutId, action, requestedBy: caller.subject, ...(reason !== undefined && { reason }) };
      try {
        const position = await rollouts.rolloutLog.append({ kind: 'controlled', data });
        await rollouts.readBack(position);
      } catch (thrown) {
        log.warn({ rolloutId, action, reason: toMessage(thrown) }, 'the log took no word about a rollout');
        return refuse('FS_BROKER_UNAVAILABLE', 'whether it counts is unknown; it may be asked for again');
      }
      log.info({ rolloutId, action, requestedBy: caller.subject }, 'rollout controlled');
      const after = rollouts.book.find(rolloutId) ?? rollout;
      response.json(toRolloutView(after, rollouts.progress, clock.nowMs()));
      return undefined;
    },
  };
}

const summaries = {
  approve: 'It may begin: for what is hazardous, or was said to need it',
  pause: 'Nobody else is asked until it is resumed; what was asked goes on',
  resume: 'It goes on where it was paused',
  abort: 'Nobody else is asked, and what no robot was given yet is cancelled',
} as const;

/** What is paused, runs or is aborted already may be asked for that again. */
function isAllowed(rollout: Rollout, action: RolloutControlledData['action']): boolean {
  if (action === 'abort') return rollout.phase !== 'FINISHED';
  return (rollout.phase === 'WAITING') === (action === 'approve') && !hasEnded(rollout);
}

function findRollout({ rollouts }: RolloutRouteParts, request: Request, caller: Caller): Rollout | Refusal {
  const rollout = rollouts.book.find(readParam(request, 'rolloutId'));
  if (rollout === undefined || !mayKnow(caller, rollout)) {
    return refuse('FS_ROLLOUT_UNKNOWN', 'path: /v1/rollouts/{rolloutId}');
  }
  return rollout;
}

/** Who may know of each of its robots. */
function mayKnow(caller: Caller, { created }: Rollout): boolean {
  if (isUnlimited(caller)) return true;
  return created.places?.every((place) => mayReach(caller, place)) === true;
}
