import { type RobotState } from '@fleetstream/robot-model';
import { type ServedStates } from '@fleetstream/testing';

/** What the live view says of all robots together. */
export interface StatesSummary {
  readonly robots: number;
  /** In a fixed order, those that occur. */
  readonly byStatus: ReadonlyMap<string, number>;
  /** Active errors, and robots that are offline. */
  readonly openAlerts: number;
  readonly robotEvents: number;
}

const statuses = ['online', 'offline', 'unknown'] as const satisfies readonly RobotState['presence']['status'][];

export function summarizeStates(served: Pick<ServedStates, 'robots'>): StatesSummary {
  const states = served.robots.map(({ state }) => JSON.parse(state) as RobotState);
  const counts = statuses.map(
    (status) => [status, states.filter(({ presence }) => presence.status === status).length] as const,
  );
  const offline = counts.find(([status]) => status === 'offline')?.[1] ?? 0;
  return {
    robots: states.length,
    byStatus: new Map(counts.filter(([, count]) => count > 0)),
    openAlerts: offline + states.reduce((sum, { errors }) => sum + errors.length, 0),
    robotEvents: states.reduce((sum, state) => sum + countRobotEvents(state), 0),
  };
}

/** How many different events of the robot itself a state holds; what the platform said of it is not counted. */
export function countRobotEvents(state: RobotState): number {
  return Object.entries(state.counters.perType).reduce(
    (sum, [type, count]) => sum + (type.startsWith('robot.') ? count : 0),
    0,
  );
}
