import { type FleetEvent } from '@fleetstream/contracts';
import { type Fold } from '@fleetstream/kernel';
import { type RobotRules } from './robot-rules.ts';
import { type RobotState } from './robot-state.ts';

export function createRobotFold(rules: RobotRules): Fold<RobotState, FleetEvent> {
  return {
    name: 'robot',
    stateVersion: 1,
    initial: (key) => ({ robotId: key }),
    step: (state) => ({ state, outputs: [] }),
    dueAt: () => (rules.offlineAfterMs < 0 ? 0 : undefined),
    onTimer: (state) => ({ state, outputs: [] }),
    encodeState: (state) => JSON.stringify(state),
    decodeState: (text) => JSON.parse(text) as RobotState,
  };
}
