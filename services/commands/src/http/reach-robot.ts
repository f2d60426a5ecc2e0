import { type Caller } from '@fleetstream/access';
import { type ErrorCode, isRobotId } from '@fleetstream/kernel';
import { type Request } from 'express';
import { type RobotPlaces } from '../robot-places.ts';
import { refuse, type Refusal } from '../domain/refusal.ts';
import { readParam } from './api-route.ts';

/** What a route that calls `reachRobot` may be refused with because of it. */
export const reachRefusals = ['FS_ROBOT_ID_INVALID', 'FS_ROBOT_UNKNOWN'] as const satisfies readonly ErrorCode[];

/** The robot of the path, when the caller may know of it; else it is as if there were none. */
export async function reachRobot(
  places: RobotPlaces,
  request: Request,
  caller: Caller,
): Promise<{ readonly kind: 'reached'; readonly robotId: string } | Refusal> {
  const robotId = readParam(request, 'robotId');
  if (!isRobotId(robotId)) return refuse('FS_ROBOT_ID_INVALID', 'path: robotId');
  if (await places.mayKnow(caller, robotId)) return { kind: 'reached', robotId };
  return refuse('FS_ROBOT_UNKNOWN', 'path: robotId');
}
