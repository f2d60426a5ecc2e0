import { type Caller, isUnlimited, mayReach, type Place } from '@fleetstream/access';
import { type RobotDirectory } from './robot-directory.ts';

/** Where robots belong, for deciding who may know of them. */
export interface RobotPlaces {
  /** As far as is known without asking anybody. */
  placeOf(robotId: string): Place | undefined;
  /** Whether the caller may know of the robot. Who may not is answered as if there were no such robot. */
  reaches(caller: Pick<Caller, 'scopes'>, robotId: string): boolean;
}

/** The Robot Platform says where its robots belong. */
export function createRobotPlaces(directory: Pick<RobotDirectory, 'find'>): RobotPlaces {
  const placeOf = (robotId: string) => directory.find(robotId);
  return {
    placeOf,
    reaches: (caller, robotId) => isUnlimited(caller) || mayReach(caller, placeOf(robotId)),
  };
}
