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

export function createRobotLanes(limits: LaneLimits): RobotLanes {
  /** Robots with a request with the log; hardly any has more than one at a time, and those are counted beside it. */
  const busy = new Set<string>();
  const further = new Map<string, number>();
  /** Of robots that wait for themselves: in the order of asking. */
  const waiting = new Map<string, (() => void)[]>();
  return {
    enter: (robotId) => {
      // One look-up where it is the robot's only request: by adding, and seeing whether that made a difference.
      const before = busy.size;
      if (busy.add(robotId).size > before) return true;
      const more = (further.get(robotId) ?? 0) + 1;
      if (more >= limits.active) return false;
      further.set(robotId, more);
      return true;
    },
    wait: (robotId) => {
      if (!busy.has(robotId)) return undefined;
      const queue = waiting.get(robotId) ?? [];
      if (queue.length >= limits.waiting) return undefined;
      waiting.set(robotId, queue);
      return new Promise((resolve) => {
        queue.push(resolve);
      });
    },
    leave: (robotId) => {
      const queue = waiting.size === 0 ? undefined : waiting.get(robotId);
      const next = queue?.shift();
      if (next !== undefined) {
        if (queue?.length === 0) waiting.delete(robotId);
        // The place passes on: nobody can slip in between.
        next();
        return;
      }
      const more = further.size === 0 ? undefined : further.get(robotId);
      if (more === undefined) busy.delete(robotId);
      else if (more > 1) further.set(robotId, more - 1);
      else further.delete(robotId);
    },
    flooding: () => waiting.size,
  };
}
