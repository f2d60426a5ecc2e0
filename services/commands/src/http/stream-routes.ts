import { type Caller } from '@fleetstream/access';
import { type Request, type Response } from 'express';
import { z } from 'zod';
import { type CommandStreams, type StreamWanted } from '../command-streams.ts';
import { type CommandBook } from '../domain/command-book.ts';
import { parseQuery, robotIdSchema } from '../domain/command-query.ts';
import { type CommandView, type LogPlace } from '../domain/command-view.ts';
import { refuse } from '../domain/refusal.ts';
import { type RobotPlaces } from '../robot-places.ts';
import { type ApiRoute, type Handled, readParam } from './api-route.ts';

export interface StreamRouteParts {
  readonly book: CommandBook;
  readonly places: RobotPlaces;
  readonly streams: CommandStreams;
}

const streamQuery = z.strictObject({ robotId: robotIdSchema.optional().describe('Of all robots when left out') });
/** A place in each of so many partitions at most. */
const lastIdPattern = /^\d{1,6}-\d{1,15}(,\d{1,6}-\d{1,15}){0,511}$/;
const lastIdHeader = z.object({
  'last-event-id': z.string().regex(lastIdPattern).optional().describe('Goes on after it, on any instance'),
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
        const { commandId, robotId, history } = view;
        const start = history[0]?.at;
        const after = readLastId(request) ?? (start && [{ ...start, offset: start.offset - 1 }]);
        const tells = (one: StreamedCommand) => one.commandId === commandId && one.robotId === robotId;
        return open(parts, request, response, caller, { tells, after, views: [view], isOfAll: false });
      },
    },
    {
      method: 'get',
      path: '/v1/events',
      operationId: 'followCommands',
      summary: 'Every step of the commands of one robot or of all, from now on or from where the last answer ended',
      access: 'viewer',
      query: streamQuery,
      headers: lastIdHeader,
      answers: streamAnswer,
      refusals: ['FS_QUERY_INVALID', 'FS_ROBOT_UNKNOWN', 'FS_OVERLOADED'],
      handle: async (request, response, caller) => {
        const parsed = parseQuery(streamQuery, request.query);
        if (parsed.kind === 'refused') return parsed;
        const { robotId } = parsed.query;
        const after = readLastId(request);
        if (robotId === undefined) {
          const tells = (one: StreamedCommand) => places.reaches(caller, one.robotId);
          const views = after === undefined ? [] : [...book.all()];
          return open(parts, request, response, caller, { tells, after, views, isOfAll: true });
        }
        if (!(await places.mayKnow(caller, robotId))) return refuse('FS_ROBOT_UNKNOWN', 'query: robotId');
        const tells = (one: StreamedCommand) => one.robotId === robotId;
        const views = after === undefined ? [] : book.of(robotId);
        return open(parts, request, response, caller, { tells, after, views, isOfAll: false });
      },
    },
  ];
}

type StreamedCommand = Pick<CommandView, 'robotId' | 'commandId'>;

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

function readLastId(request: Request): readonly LogPlace[] | undefined {
  const given = request.get('last-event-id') ?? '';
  if (!lastIdPattern.test(given)) return undefined;
  return given.split(',').map((place) => {
    const [partition, offset] = place.split('-');
    return { partition: Number(partition), offset: Number(offset) };
  });
}
