import { type FleetEvent } from '@fleetstream/contracts';
import { type FoldOutput } from '@fleetstream/kernel';
import { createRobotFold } from '../src/robot-fold.ts';
import { defaultRobotRules } from '../src/robot-rules.ts';
import { type RobotState } from '../src/robot-state.ts';

export const fold = createRobotFold(defaultRobotRules);
export const start = Date.UTC(2026, 0, 1);

export type Said = Partial<FleetEvent> & Pick<FleetEvent, 'type' | 'data'>;
/** An event some seconds after the start, or the firing of the timer. */
export type Moment = readonly [afterMs: number, said: Said | 'timer'];

export const state = (data: FleetEvent<'robot.state.v1'>['data'], rest: Partial<FleetEvent> = {}): Said => ({
  ...rest,
  type: 'robot.state.v1',
  data,
});
export const telemetry = (value: number, rest: Partial<FleetEvent> = {}): Said => ({
  ...rest,
  type: 'robot.telemetry.v1',
  data: { metrics: { v: { value } } },
});
export const at = (sequence: number, bootid = 'b'): Partial<FleetEvent> => ({ sequence, bootid });
export const enrolled = (data: FleetEvent<'fleet.robot-enrolled.v1'>['data']): Said => ({
  type: 'fleet.robot-enrolled.v1',
  data,
});
export const collision = { type: 'COLLISION', level: 'WARNING' } as const;

interface Run {
  readonly state: RobotState;
  readonly outputs: FoldOutput[];
  /** Every output in a word or two. */
  readonly told: string[];
}

/** The state that the moments end in, and every output on the way. */
export function foldMoments(moments: readonly Moment[]): Pick<Run, 'state' | 'outputs'> {
  let current = fold.initial('agv-1');
  const outputs: FoldOutput[] = [];
  moments.forEach(([afterMs, said], offset) => {
    const nowMs = start + afterMs;
    const base = { specversion: '1.0', id: `e${offset}`, source: '/robots/agv-1' } as const;
    const step =
      said === 'timer'
        ? fold.onTimer(current, 'agv-1', nowMs)
        : fold.step(current, { ...base, ...said }, { partition: 2, offset, nowMs });
    current = step.state;
    outputs.push(...step.outputs);
  });
  return { state: current, outputs };
}

export function run(moments: readonly Moment[]): Run {
  const { state: last, outputs } = foldMoments(moments);
  return { state: last, outputs, told: outputs.map(tell) };
}

function tell({ topic, value }: FoldOutput): string {
  const { data } = JSON.parse(value ?? '') as { data: { alert: string; code?: string; revision: number } };
  return topic === 'fleet.states' ? `state ${data.revision}` : [data.alert, data.code].filter(Boolean).join(' ');
}
