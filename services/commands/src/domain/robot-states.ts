import { type RobotStateView } from '@fleetstream/contracts';

/** What is kept of a robot's published state: enough to decide whether it is meant. */
export interface RobotStanding extends Pick<RobotStateView, 'presence'> {
  readonly fleet: string | undefined;
  readonly site: string | undefined;
  readonly model: string | undefined;
  readonly retired: boolean | undefined;
  readonly mode: RobotStateView['mode'];
  readonly battery: RobotStateView['battery'];
  readonly pose: RobotStateView['pose'];
  readonly node: RobotStateView['node'];
  readonly driving: RobotStateView['driving'];
  readonly paused: RobotStateView['paused'];
  readonly safety: RobotStateView['safety'];
  readonly task: RobotStateView['task'];
}

/** Robots that are kept; one more is not, and no state holds of it. */
const robotsMax = 200_000;

/** How every robot stands, as `fleet.states` told last. */
export class RobotStates {
  readonly #byId = new Map<string, RobotStanding>();
  readonly #robotsMax: number;

  constructor(max = robotsMax) {
    this.#robotsMax = max;
  }

  get size(): number {
    return this.#byId.size;
  }

  apply(view: RobotStateView): void {
    const { robotId, fleet, site, model, retired, presence, mode, battery, pose, node, driving, paused } = view;
    const { safety, task } = view;
    if (!this.#byId.has(robotId) && this.#byId.size >= this.#robotsMax) return;
    const identity = { fleet, site, model, retired };
    this.#byId.set(robotId, { ...identity, presence, mode, battery, pose, node, driving, paused, safety, task });
  }

  /** The robot's state has ended. */
  drop(robotId: string): void {
    this.#byId.delete(robotId);
  }

  find(robotId: string): RobotStanding | undefined {
    return this.#byId.get(robotId);
  }

  ids(): Iterable<string> {
    return this.#byId.keys();
  }
}
