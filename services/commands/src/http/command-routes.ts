import { commandStatuses } from '@fleetstream/contracts';
import { z } from 'zod';
import { type RobotPlaces } from '../adapters/robot-places.ts';
import { parseCommandFilter } from '../domain/command-query.ts';
import { commandBodySchema } from '../domain/command-request.ts';
import { refuse } from '../domain/refusal.ts';
import { type ApiRoute, readParam } from './api-route.ts';
import { createPostCommand, type PostCommandParts } from './post-command.ts';

export interface CommandRouteParts extends PostCommandParts {
  readonly places: RobotPlaces;
}

const requestedSchema = z.object({ commandId: z.string(), robotId: z.string(), status: z.string() });
const commandSchema = z.looseObject({
  commandId: z.string(),
  robotId: z.string(),
  status: z.enum(['REQUESTED', ...commandStatuses]),
});

/** One command of one robot, and what became of commands. */
export function createCommandRoutes(parts: CommandRouteParts): readonly ApiRoute[] {
  const post = createPostCommand(parts);
  return [
    {
      method: 'post',
      path: '/v1/robots/{robotId}/commands',
      operationId: 'requestCommand',
      summary: 'Ask for a command; the same Idempotency-Key again is the same command',
      access: 'operator',
      headers: z.object({ 'idempotency-key': z.string().optional() }),
      body: commandBodySchema,
      answers: { 202: { description: 'It is in the log', schema: requestedSchema } },
      refusals: [
        'FS_ROBOT_ID_INVALID',
        'FS_ROBOT_UNKNOWN',
        'FS_COMMAND_MALFORMED',
        'FS_IDEMPOTENCY_KEY_INVALID',
        'FS_IDEMPOTENCY_CONFLICT',
        'FS_BROKER_UNAVAILABLE',
      ],
      handle: post,
    },
    listCommands(parts),
    getCommand(parts),
  ];
}

function listCommands({ book, places }: CommandRouteParts): ApiRoute {
  return {
    method: 'get',
    path: '/v1/commands',
    operationId: 'listCommands',
    summary: 'The newest requests first, without their histories',
    access: 'viewer',
    answers: { 200: { description: 'A page', schema: z.object({ commands: z.array(commandSchema) }) } },
    refusals: ['FS_QUERY_INVALID'],
    handle: (request, response, caller) => {
      const parsed = parseCommandFilter(request.query);
      if (parsed.kind === 'refused') return parsed;
      const reached = (robotId: string) => places.reaches(caller, robotId);
      response.json({ commands: book.list(parsed.filter, reached).map((view) => ({ ...view, history: undefined })) });
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
    answers: { 200: { description: 'The command and its history', schema: commandSchema } },
    refusals: ['FS_COMMAND_UNKNOWN'],
    handle: async (request, response, caller) => {
      const id = readParam(request, 'commandId');
      const view = book.find(id);
      const robotId = view?.robotId ?? (await claims.findRequested(id));
      if (robotId === undefined || !places.reaches(caller, robotId)) {
        return refuse('FS_COMMAND_UNKNOWN', 'path: /v1/commands/{commandId}');
      }
      response.json(view ?? { commandId: id, robotId, status: 'REQUESTED', history: [] });
      return undefined;
    },
  };
}
