import { z } from 'zod';
import { type ApiRoute } from './api-route.ts';
import { createPollHandler, type PollParts } from './poll-commands.ts';

/** What robots ask for. */
export function createDeliveryRoutes(parts: PollParts): readonly ApiRoute[] {
  const poll = createPollHandler(parts);
  return [
    {
      method: 'get',
      path: '/v1/robots/{robotId}/commands',
      operationId: 'pollCommands',
      summary: 'A robot asks for its commands, signed, and is answered as soon as there are some',
      access: 'robot',
      query: z.strictObject({ waitSeconds: z.coerce.number().int().min(0).default(0).describe('How long to wait') }),
      answers: {
        200: { description: 'What is due, or nothing', schema: z.object({ commands: z.array(z.looseObject({})) }) },
      },
      refusals: [
        'FS_ROBOT_ID_INVALID',
        'FS_QUERY_INVALID',
        'FS_KEYS_UNAVAILABLE',
        'FS_SIGNATURE_MISSING',
        'FS_SIGNATURE_INVALID',
        'FS_REQUEST_REPLAYED',
        'FS_OVERLOADED',
        'FS_BROKER_UNAVAILABLE',
      ],
      handle: async (request, response) => {
        await poll(request, response);
        return undefined;
      },
    },
  ];
}
