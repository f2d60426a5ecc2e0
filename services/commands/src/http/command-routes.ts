import { commandStatuses } from '@fleetstream/contracts';
import { z } from 'zod';
import { type RequestClaims } from '../adapters/request-claims.ts';
import { cancelOutcomes } from '../domain/cancelled-step.ts';
import { type CommandBook } from '../domain/command-book.ts';
import { commandFilterSchema, parseCursor, parseQuery, toCursor } from '../domain/command-query.ts';
import { refuse } from '../domain/refusal.ts';
import { toTaskView } from '../domain/robot-task.ts';
import { type RobotPlaces } from '../robot-places.ts';
import { type ApiRoute, readParam } from './api-route.ts';
import { reachRefusals, reachRobot } from './reach-robot.ts';
import { etagHeader, sendTagged } from './send-tagged.ts';

export interface CommandRouteParts {
  readonly book: CommandBook;
  readonly claims: RequestClaims;
  readonly places: RobotPlaces;
}

const listedSchema = z.looseObject({
  commandId: z.string(),
  robotId: z.string(),
  action: z.string(),
  status: z.enum(commandStatuses),
});
const stepSchema = z.looseObject({ status: z.enum(commandStatuses), atMs: z.int() });
const commandSchema = z.looseObject({
  commandId: z.string(),
  robotId: z.string(),
  status: z.enum(['REQUESTED', ...commandStatuses]).describe('REQUESTED until the log has told of it'),
  history: z.array(stepSchema),
});

const cancellingSchema = z
  .object({ commandId: z.string(), outcome: z.enum(cancelOutcomes), by: z.string().optional() })
  .describe('Of a step that was to be undone: the last try, and what came of it');

/** What became of commands. */
export function createCommandRoutes(parts: CommandRouteParts): readonly ApiRoute[] {
  return [listCommands(parts), getCommand(parts), getTask(parts)];
}

function listCommands({ book, places }: CommandRouteParts): ApiRoute {
  return {
    method: 'get',
    path: '/v1/commands',
    operationId: 'listCommands',
    summary: 'The newest requests first, without their histories',
    access: 'viewer',
    query: commandFilterSchema,
    answers: {
      200: {
        description: 'A page; `next` is there when it goes on',
        schema: z.object({ commands: z.array(listedSchema), next: z.string().optional() }),
      },
    },
    refusals: ['FS_QUERY_INVALID'],
    handle: (request, response, caller) => {
      const parsed = parseQuery(commandFilterSchema, request.query);
      if (parsed.kind === 'refused') return parsed;
      const { cursor, ...filter } = parsed.query;
      const after = cursor === undefined ? undefined : parseCursor(cursor);
      if (after?.kind === 'refused') return after;
      const page = book.list({ ...filter, after: after?.query }, (robotId) => places.reaches(caller, robotId));
      response.json({
        commands: page.commands.map((view) => ({ ...view, history: undefined })),
        ...(page.next !== undefined && { next: toCursor(page.next) }),
      });
      return undefined;
    },
  };
}

function getCommand({ book, claims, places }: CommandRouteParts): ApiRoute {
  return {
    method: 'get',
    path: '/v1/commands/{commandId}',
    operationId: 'getCommand',
    summary: 'Where a command stands and how it came there',
    access: 'viewer',
    headers: etagHeader,
    answers: {
      200: { description: 'The command and its history', schema: commandSchema },
      304: { description: 'Nothing has changed since the answer with that ETag' },
    },
    refusals: ['FS_COMMAND_UNKNOWN'],
    handle: async (request, response, caller) => {
      const id = readParam(request, 'commandId');
      const view = book.find(id);
      const robotId = view?.robotId ?? (await claims.findRequested(id));
      if (robotId === undefined || !(await places.mayKnow(caller, robotId))) {
        return refuse('FS_COMMAND_UNKNOWN', 'path: commandId');
      }
      sendTagged(request, response, view ?? { commandId: id, robotId, status: 'REQUESTED', history: [] });
      return undefined;
    },
  };
}

function getTask({ book, places }: CommandRouteParts): ApiRoute {
  return {
    method: 'get',
    path: '/v1/robots/{robotId}/tasks/{taskId}',
    operationId: 'getTask',
    summary: 'Where a task stands, step by step',
    access: 'viewer',
    headers: etagHeader,
    answers: {
      200: {
        description: 'OPEN until every step has ended; then SUCCEEDED, or how the first step ended that did not',
        schema: z.object({
          taskId: z.string(),
          robotId: z.string(),
          status: z.string(),
          commands: z.array(commandSchema.extend({ cancelling: cancellingSchema.optional() })),
        }),
      },
      304: { description: 'Nothing has changed since the answer with that ETag' },
    },
    refusals: [...reachRefusals, 'FS_COMMAND_UNKNOWN'],
    handle: async (request, response, caller) => {
      const reached = await reachRobot(places, request, caller);
      if (reached.kind === 'refused') return reached;
      const taskId = readParam(request, 'taskId');
      const steps = book.ofTask(reached.robotId, taskId);
      if (steps.length === 0) return refuse('FS_COMMAND_UNKNOWN', 'path: taskId');
      const { robotId } = reached;
      sendTagged(request, response, toTaskView(taskId, robotId, steps, book.cancellingsOf(robotId)));
      return undefined;
    },
  };
}
