import { mayReach } from '@fleetstream/access';
import { z } from 'zod';
import { type RobotDirectory } from '../adapters/robot-directory.ts';
import { type ApiRoute } from './api-route.ts';

export interface RobotRouteParts {
  readonly directory: RobotDirectory;
}

/** What is known of robots. */
export function createRobotRoutes({ directory }: RobotRouteParts): readonly ApiRoute[] {
  return [
    {
      method: 'get',
      path: '/v1/platform/robots',
      operationId: 'listPlatformRobots',
      summary: "The Robot Platform's robots, and how old that list is",
      access: 'viewer',
      answers: {
        200: {
          description: 'The list',
          schema: z.object({
            robots: z.array(z.looseObject({ id: z.string() })),
            fetchedAt: z.string(),
            ageMs: z.number(),
            stale: z.boolean(),
          }),
        },
      },
      refusals: ['FS_PLATFORM_UNAVAILABLE'],
      handle: async (_request, response, caller) => {
        const { robots, fetchedAtMs, ageMs, stale } = await directory.list();
        const reached = robots.filter((robot) => mayReach(caller, robot));
        response.json({ robots: reached, fetchedAt: new Date(fetchedAtMs).toISOString(), ageMs, stale });
        return undefined;
      },
    },
  ];
}
