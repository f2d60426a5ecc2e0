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
  /** Requests with the log, of robots that have any. */
  const active = new Map<string, number>();
  /** Of robots that wait for themselves, as hardly any does: in the order of asking. */
  const waiting = new Map<string, (() => void)[]>();
  return {
    enter: (robotId) => {
      const taken = active.get(robotId) ?? 0;
      if (taken >= limits.active) return false;
      active.set(robotId, taken + 1);
      return true;
    },
    wait: (robotId) => {
      if (!active.has(robotId)) return undefined;
      const queue = waiting.get(robotId) ?? [];
      if (queue.length >= limits.waiting) return undefined;
      waiting.set(robotId, queue);
      return new Promise((resolve) => {
        queue.push(resolve);
      });
    },
    leave: (robotId) => {
      const queue = waiting.get(robotId);
      const next = queue?.shift();
      if (next !== undefined) {
        if (queue?.length === 0) waiting.delete(robotId);
        // The place passes on: nobody can slip in between.
        next();
        return;
      }
      const taken = active.get(robotId) ?? 0;
      if (taken > 1) active.set(robotId, taken - 1);
      else active.delete(robotId);
    },
    flooding: () => waiting.size,
  };
}
