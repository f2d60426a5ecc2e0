import { type Caller } from '@fleetstream/access';
import { type Request, type Response } from 'express';
import { z } from 'zod';
import { type CommandStreams, type StreamWanted } from '../command-streams.ts';
import { type CommandBook } from '../domain/command-book.ts';
import { parseQuery, robotIdSchema } from '../domain/command-query.ts';
import { type LogPlace } from '../domain/command-view.ts';
import { refuse } from '../domain/refusal.ts';
import { type RobotPlaces } from '../robot-places.ts';
import { type ApiRoute, type Handled, readParam } from './api-route.ts';

export interface StreamRouteParts {
  readonly book: CommandBook;
  readonly places: RobotPlaces;
  readonly streams: CommandStreams;
}

const streamQuery = z.strictObject({ robotId: robotIdSchema });
const lastIdHeader = z.object({
  'last-event-id': z
    .string()
    .regex(/^\d{1,6}-\d{1,15}$/)
    .optional()
    .describe('Goes on after it, on any instance'),
});
const streamAnswer = {
  200: {
    description: 'Server-sent events, one per step; each id is a place to go on from',
    contentType: 'text/event-stream',
  },
};

/** Commands as they go. */
export function createStreamRoutes(parts: StreamRouteParts): readonly ApiRoute[] {
  const { book, places } = parts;
  return [
    {
      method: 'get',
      path: '/v1/commands/{commandId}/events',
      operationId: 'followCommand',
      summary: 'Every step of a command, from its first one on',
      access: 'viewer',
      headers: lastIdHeader,
      answers: streamAnswer,
      refusals: ['FS_COMMAND_UNKNOWN', 'FS_OVERLOADED'],
      handle: async (request, response, caller) => {
        const view = book.find(readParam(request, 'commandId'));
        if (view === undefined || !(await places.mayKnow(caller, view.robotId))) {
          return refuse('FS_COMMAND_UNKNOWN', 'path: commandId');
        }
        const { robotId, commandId, history } = view;
        const start = history[0]?.at;
        const after = readLastId(request) ?? (start && { ...start, offset: start.offset - 1 });
        return open(parts, request, response, caller, { robotId, commandId, after, views: [view] });
      },
    },
    {
      method: 'get',
      path: '/v1/events',
      operationId: 'followRobot',
      summary: "Every step of a robot's commands, from now on or from where the last answer ended",
      access: 'viewer',
      query: streamQuery,
      headers: lastIdHeader,
      answers: streamAnswer,
      refusals: ['FS_QUERY_INVALID', 'FS_ROBOT_UNKNOWN', 'FS_OVERLOADED'],
      handle: async (request, response, caller) => {
        const parsed = parseQuery(streamQuery, request.query);
        if (parsed.kind === 'refused') return parsed;
        const { robotId } = parsed.query;
        if (!(await places.mayKnow(caller, robotId))) return refuse('FS_ROBOT_UNKNOWN', 'query: robotId');
        const after = readLastId(request);
        return open(parts, request, response, caller, {
          robotId,
          after,
          views: after === undefined ? [] : book.of(robotId),
        });
      },
    },
  ];
}

function open(
  { streams }: StreamRouteParts,
  request: Request,
  response: Response,
  { expiresAtMs }: Caller,
  wanted: Omit<StreamWanted, 'endsAtMs'>,
): Handled {
  const sink = {
    write: (text: string) => {
      if (!response.headersSent) {
        response.writeHead(200, {
          'content-type': 'text/event-stream',
          'cache-control': 'no-cache',
          // Proxies that gather answers would hold the news back.
          'x-accel-buffering': 'no',
        });
      }
      response.write(text);
      return response.writableLength;
    },
    end: () => response.end(),
  };
  const close = streams.open({ ...wanted, endsAtMs: expiresAtMs }, sink);
  if (close === undefined) return refuse('FS_OVERLOADED', 'as many listen here as may');
  request.on('close', close);
  response.on('close', close);
  return undefined;
}

function readLastId(request: Request): LogPlace | undefined {
  const [, partition, offset] = /^(\d{1,6})-(\d{1,15})$/.exec(request.get('last-event-id') ?? '') ?? [];
  return partition === undefined ? undefined : { partition: Number(partition), offset: Number(offset) };
}
