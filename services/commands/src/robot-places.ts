import { type Caller, isUnlimited, mayReach, type Place } from '@fleetstream/access';

/** Where robots belong, for deciding who may know of them. */
export interface RobotPlaces {
  /** Whether the caller may know of the robot, as far as is known without asking; in doubt not. For lists. */
  reaches(caller: Pick<Caller, 'scopes'>, robotId: string): boolean;
  /** The same, after asking for a place that isn't known. Who may not is answered as if there were no such robot. */
  mayKnow(caller: Pick<Caller, 'scopes'>, robotId: string): Promise<boolean>;
}

export interface RobotPlaceSources {
  /** What the Robot Platform said last. */
  readonly directory: { find(robotId: string): Place | undefined };
  /** What the log says, by the robot's live state. */
  readonly live?: {
    placeOf(robotId: string): Promise<Place | undefined>;
    knownPlaceOf(robotId: string): Place | undefined;
  };
}

/** The Robot Platform says where its robots belong; of others the log may know it, from their enrolment. */
export function createRobotPlaces({ directory, live }: RobotPlaceSources): RobotPlaces {
  const known = (robotId: string) => directory.find(robotId) ?? live?.knownPlaceOf(robotId);
  return {
    reaches: (caller, robotId) => isUnlimited(caller) || mayReach(caller, known(robotId)),
    mayKnow: async (caller, robotId) =>
      isUnlimited(caller) || mayReach(caller, known(robotId) ?? (await live?.placeOf(robotId))),
  };
}
