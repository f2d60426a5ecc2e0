import { type Caller } from '@fleetstream/access';
import { type RobotStates } from '../domain/robot-states.ts';
import { type Selectable } from '../domain/selector.ts';
import { type RobotDirectory } from './robot-directory.ts';
import { type RobotPlaces } from '../robot-places.ts';

export interface SelectableRobotsParts {
  /** `undefined`: there is no Robot Platform, and the robots are those of the log. */
  readonly directory: RobotDirectory | undefined;
  readonly states: RobotStates;
  readonly places: RobotPlaces;
}

/**
 * Every robot that the caller may reach: those that the Robot Platform lists, and those that the log knows beside them.
 * What the Robot Platform says of a robot comes before what the log was once told.
 *
 * @throws AppError FS_PLATFORM_UNAVAILABLE while no list is known: a smaller fleet than meant would be commanded
 */
export async function listSelectable(
  { directory, states, places }: SelectableRobotsParts,
  caller: Pick<Caller, 'scopes'>,
): Promise<Selectable[]> {
  const listed = new Map((await directory?.list())?.robots.map((robot) => [robot.id, robot]));
  const ids = new Set([...listed.keys(), ...states.ids()]);
  const reachable: Selectable[] = [];
  for (const robotId of ids) {
    if (!places.reaches(caller, robotId)) continue;
    const robot = listed.get(robotId);
    const standing = states.find(robotId);
    reachable.push({
      robotId,
      standing,
      fleet: robot?.fleet ?? standing?.fleet,
      site: robot?.site ?? standing?.site,
      model: robot?.model ?? standing?.model,
      tags: robot?.tags,
    });
  }
  return reachable;
}
