import { type ActionStatus, type RobotStateData, type RobotTaskData } from '@fleetstream/contracts';
import { keepIfSame } from './same-json.ts';

export interface Task {
  readonly id: string;
  readonly step?: string | undefined;
  readonly status?: ActionStatus | undefined;
  readonly type?: string | undefined;
  readonly result?: string | undefined;
}

/** What the robot says of itself, each value as it said it last. Undefined: never said, or said to be none. */
export interface Reported {
  readonly mode: string | undefined;
  readonly battery: RobotStateData['battery'];
  readonly pose: RobotStateData['pose'];
  readonly node: string | undefined;
  readonly velocity: RobotStateData['velocity'];
  readonly driving: boolean | undefined;
  readonly paused: boolean | undefined;
  readonly safety: RobotStateData['safety'];
  readonly load: RobotStateData['load'];
  readonly task: Task | undefined;
  readonly actions: RobotStateData['actions'];
}

export const nothingReported: Reported = {
  mode: undefined,
  battery: undefined,
  pose: undefined,
  node: undefined,
  velocity: undefined,
  driving: undefined,
  paused: undefined,
  safety: undefined,
  load: undefined,
  task: undefined,
  actions: undefined,
};

/** Folds a state event's values. What didn't change keeps its reference, which is how changes are found later. */
export function stepReported(before: Reported, said: RobotStateData): Reported {
  return {
    mode: said.mode ?? before.mode,
    battery: said.battery === undefined ? before.battery : keepIfSame(before.battery, said.battery),
    pose: said.pose === undefined ? before.pose : keepIfSame(before.pose, said.pose),
    node: said.node === undefined ? before.node : said.node === '' ? undefined : said.node,
    velocity: said.velocity === undefined ? before.velocity : keepIfSame(before.velocity, said.velocity),
    driving: said.driving ?? before.driving,
    paused: said.paused ?? before.paused,
    safety: said.safety === undefined ? before.safety : keepIfSame(before.safety, said.safety),
    load: said.load === undefined ? before.load : keepIfSame(before.load, said.load),
    task: said.task === undefined ? before.task : keepIfSame(before.task, stepTask(before.task, said.task)),
    actions: said.actions === undefined ? before.actions : keepIfSame(before.actions, said.actions),
  };
}

/** Folds a task event: it says more of a task than a state does. */
export function stepReportedTask(before: Reported, said: RobotTaskData): Reported {
  const { id, status, type, result } = said;
  const step = before.task?.id === id ? before.task.step : undefined;
  const task = keepIfSame(before.task, toTask({ id, step, status, type, result }));
  return task === before.task ? before : { ...before, task };
}

/** A state names the task at hand; what is known of it from elsewhere stays while it is the same. */
function stepTask(before: Task | undefined, said: NonNullable<RobotStateData['task']>): Task | undefined {
  if (said.id === '') return undefined;
  return before?.id === said.id ? toTask({ ...before, step: said.step }) : toTask(said);
}

function toTask({ id, step, status, type, result }: Task): Task {
  return {
    id,
    ...(step !== undefined && { step }),
    ...(status !== undefined && { status }),
    ...(type !== undefined && { type }),
    ...(result !== undefined && { result }),
  };
}
