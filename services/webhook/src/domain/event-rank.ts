import { type FleetEvent, type RobotEventType } from '@fleetstream/contracts';

/**
 * How much an event matters when not all can be taken, most first: what is shed is shed from the bottom. 0 safety, 1 what
 * the robot says to a command, 2 its state, 3 telemetry.
 */
export const ranks = ['safety', 'reply', 'state', 'telemetry'] as const;

export type EventRank = 0 | 1 | 2 | 3;

const severe: ReadonlySet<string> = new Set(['CRITICAL', 'FATAL']);

/** Judges an event by what it says, not by what its sender calls it. */
export function toEventRank(event: FleetEvent<RobotEventType>): EventRank {
  switch (event.type) {
    case 'robot.telemetry.v1':
      return 3;
    case 'robot.command-ack.v1':
      return 1;
    case 'robot.task.v1':
      return 2;
    case 'robot.alert.v1':
      return severe.has(event.data.level) ? 0 : 2;
    case 'robot.state.v1':
      return isUnsafe(event.data) ? 0 : 2;
  }
}

/** Most robots repeat that no stop is active in every state; only one that is active, or a violated field, is urgent. */
function isUnsafe({ safety, errors }: FleetEvent<'robot.state.v1'>['data']): boolean {
  if (safety?.fieldViolation === true) return true;
  if (safety?.emergencyStop !== undefined && safety.emergencyStop !== 'NONE') return true;
  return errors?.some(({ level }) => severe.has(level)) === true;
}
