import { type Condition, type ConditionPath } from '@fleetstream/contracts';
import { type Presence } from './presence.ts';
import { type Reported } from './reported.ts';

/** What a condition may look at. */
export interface Conditioned {
  readonly presence: Presence;
  readonly reported: Pick<Reported, 'mode' | 'battery' | 'pose' | 'node' | 'driving' | 'paused' | 'safety' | 'task'>;
}

/** Whether the condition holds of the robot now; of what it never said, nothing holds. */
export function holds(condition: Condition, robot: Conditioned): boolean {
  if ('pose' in condition) {
    const { pose } = robot.reported;
    const { x, y, withinM } = condition.pose;
    // By hand: how Math.hypot rounds is left to the engine, and every engine must agree here.
    return pose !== undefined && (pose.x - x) * (pose.x - x) + (pose.y - y) * (pose.y - y) <= withinM * withinM;
  }
  const value = read(condition.path, robot);
  if (value === undefined) return false;
  if ('equals' in condition) return value === condition.equals;
  if (typeof value !== 'number') return false;
  return 'above' in condition ? value > condition.above : value < condition.below;
}

function read(path: ConditionPath, { presence, reported }: Conditioned): string | number | boolean | undefined {
  switch (path) {
    case 'presence':
      return presence.status;
    case 'mode':
      return reported.mode;
    case 'battery.percent':
      return reported.battery?.percent;
    case 'battery.charging':
      return reported.battery?.charging;
    case 'node':
      return reported.node;
    case 'driving':
      return reported.driving;
    case 'paused':
      return reported.paused;
    case 'safety.emergencyStop':
      return reported.safety?.emergencyStop;
    case 'safety.fieldViolation':
      return reported.safety?.fieldViolation;
    case 'task.id':
      return reported.task?.id;
    case 'task.status':
      return reported.task?.status;
  }
}
