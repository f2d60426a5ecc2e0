import { type Caller, mayReach } from '@fleetstream/access';
import { AppError } from '@fleetstream/kernel';
import { z } from 'zod';
import { type LiveStates } from '../adapters/live-states.ts';
import { type RobotDirectory } from '../adapters/robot-directory.ts';
import {
  cursorSchema,
  decodeCursor,
  encodeCursor,
  parseQuery,
  refuseCursor,
  wholeNumber,
} from '../domain/command-query.ts';
import { refuse } from '../domain/refusal.ts';
import { type ListedRobot, toRobotView, toStateTag } from '../domain/robot-view.ts';
import { type RobotPlaces } from '../robot-places.ts';
import { type ApiRoute } from './api-route.ts';
import { reachRefusals, reachRobot } from './reach-robot.ts';

export interface RobotRouteParts {
  readonly directory: RobotDirectory;
  /** `undefined`: no processor is configured. */
  readonly live: LiveStates | undefined;
  readonly places: RobotPlaces;
}

const nameSchema = z.string().min(1).max(512).optional();
const listQuery = z.strictObject({
  fleet: nameSchema,
  site: nameSchema,
  model: nameSchema,
  limit: wholeNumber(1, 200).default(50),
  cursor: cursorSchema.optional(),
});
const robotSchema = z.looseObject({
  robotId: z.string(),
  platform: z.looseObject({ listed: z.boolean() }).describe("The Robot Platform's list: how old, and whether stale"),
  live: z.looseObject({ available: z.boolean() }).describe('The live state: how old, and whether stale'),
});
const listAgeSchema = z.object({ fetchedAt: z.string(), ageMs: z.number(), stale: z.boolean() });

/** What is known of robots. */
export function createRobotRoutes(parts: RobotRouteParts): readonly ApiRoute[] {
  return [listRobots(parts), getRobot(parts), listPlatform(parts)];
}

function listRobots({ directory, live }: RobotRouteParts): ApiRoute {
  return {
    method: 'get',
    path: '/v1/robots',
    operationId: 'listRobots',
    summary: "The Robot Platform's robots with their live states, in the order of their ids",
    access: 'viewer',
    query: listQuery,
    answers: {
      200: {
        description: 'A page; `next` is there when it goes on',
        schema: z.object({ robots: z.array(robotSchema), platform: listAgeSchema, next: z.string().optional() }),
      },
    },
    refusals: ['FS_QUERY_INVALID', 'FS_PLATFORM_UNAVAILABLE'],
    handle: async (request, response, caller) => {
      const parsed = parseQuery(listQuery, request.query);
      if (parsed.kind === 'refused') return parsed;
      const { limit, cursor, ...filter } = parsed.query;
      const after = cursor === undefined ? '' : decodeCursor(cursor);
      if (typeof after !== 'string') return refuseCursor();
      const list = await directory.list();
      const found = list.robots.filter(
        (robot) => robot.id > after && isMeant(robot, filter) && mayReach(caller, robot),
      );
      const page = found.slice(0, limit);
      const answers = (await live?.findAll(page.map(({ id }) => id))) ?? [];
      const next = found.length > limit ? page.at(-1)?.id : undefined;
      response.json({
        robots: page.map((robot, at) => toRobotView(robot.id, robot, list, answers[at])),
        platform: toListAge(list),
        ...(next !== undefined && { next: encodeCursor(next) }),
      });
      return undefined;
    },
  };
}

function isMeant(robot: ListedRobot, filter: Pick<ListedRobot, 'fleet' | 'site' | 'model'>): boolean {
  return (['fleet', 'site', 'model'] as const).every((key) => filter[key] === undefined || filter[key] === robot[key]);
}

function getRobot({ directory, live, places }: RobotRouteParts): ApiRoute {
  return {
    method: 'get',
    path: '/v1/robots/{robotId}',
    operationId: 'getRobot',
    summary: 'What is known of a robot; its ETag is the version of its live state, for If-Match',
    access: 'viewer',
    answers: { 200: { description: 'The robot', schema: robotSchema } },
    refusals: reachRefusals,
    handle: async (request, response, caller) => {
      const reached = await reachRobot(places, request, caller);
      if (reached.kind === 'refused') return reached;
      const { robotId } = reached;
      const [list, answer] = await Promise.all([listOrNothing(directory), live?.find(robotId)]);
      const listed = directory.find(robotId);
      const state = answer === undefined || answer.kind === 'unknown' ? undefined : answer.live;
      if (listed === undefined && state === undefined) return refuse('FS_ROBOT_UNKNOWN', 'path: robotId');
      if (state !== undefined) response.set('etag', toStateTag(state));
      response.set('cache-control', 'private, no-cache').json(toRobotView(robotId, listed, list, answer));
      return undefined;
    },
  };
}

/** Of one robot something can be said without the list. */
async function listOrNothing(
  directory: RobotDirectory,
): Promise<Awaited<ReturnType<RobotDirectory['list']>> | undefined> {
  try {
    return await directory.list();
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'FS_PLATFORM_UNAVAILABLE') return undefined;
    throw thrown;
  }
}

function listPlatform({ directory }: RobotRouteParts): ApiRoute {
  return {
    method: 'get',
    path: '/v1/platform/robots',
    operationId: 'listPlatformRobots',
    summary: "The Robot Platform's robots, and how old that list is",
    access: 'viewer',
    answers: {
      200: {
        description: 'The list',
        schema: listAgeSchema.extend({ robots: z.array(z.looseObject({ id: z.string() })) }),
      },
    },
    refusals: ['FS_PLATFORM_UNAVAILABLE'],
    handle: async (_request, response, caller: Caller) => {
      const list = await directory.list();
      response.json({ robots: list.robots.filter((robot) => mayReach(caller, robot)), ...toListAge(list) });
      return undefined;
    },
  };
}

function toListAge(list: Awaited<ReturnType<RobotDirectory['list']>>): z.infer<typeof listAgeSchema> {
  const { fetchedAtMs, ageMs, stale } = list;
  return { fetchedAt: new Date(fetchedAtMs).toISOString(), ageMs, stale };
}
