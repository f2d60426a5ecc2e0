export interface LaneLimits {
  /** Requests of one robot with the log at once. */
  readonly active: number;
  /** Requests of one robot that wait for these. */
  readonly waiting: number;
}

/**
 * A lane per robot on the way to the log: a robot that floods waits for itself, and its neighbours' events join the next
 * batch behind two of its requests at most. Holds nothing of robots without a request under way.
 */
export interface RobotLanes {
  /** Takes a place at once; false: ask `wait`. Give it back by `leave`. */
  enter(robotId: string): boolean;
  /** Resolves with a place taken, in the order of asking; `undefined` when as many wait as may. */
  wait(robotId: string): Promise<void> | undefined;
  leave(robotId: string): void;
  /** Robots that wait for themselves now. */
  flooding(): number;
}

interface Lane {
  active: number;
  /** Left out while nobody has waited: hardly any robot floods. */
  waiting?: (() => void)[];
}

export function createRobotLanes(limits: LaneLimits): RobotLanes {
  const lanes = new Map<string, Lane>();
  let flooding = 0;
  return {
    enter: (robotId) => {
      const lane = lanes.get(robotId);
      if (lane === undefined) {
        lanes.set(robotId, { active: 1 });
        return true;
      }
      if (lane.active >= limits.active) return false;
      lane.active += 1;
      return true;
    },
    wait: (robotId) => {
      const lane = lanes.get(robotId);
      if (lane === undefined) return undefined;
      const waiting = (lane.waiting ??= []);
      if (waiting.length >= limits.waiting) return undefined;
      if (waiting.length === 0) flooding += 1;
      return new Promise((resolve) => {
        waiting.push(resolve);
      });
    },
    leave: (robotId) => {
      const lane = lanes.get(robotId);
      if (lane === undefined) return;
      const next = lane.waiting?.shift();
      if (next !== undefined) {
        if (lane.waiting?.length === 0) flooding -= 1;
        // The place passes on: nobody can slip in between.
        next();
        return;
      }
      lane.active -= 1;
      if (lane.active === 0) lanes.delete(robotId);
    },
    flooding: () => flooding,
  };
}
