export { createRobotFold } from './robot-fold.ts';
export { defaultRobotRules, type RobotRules } from './robot-rules.ts';
export { type RobotState } from './robot-state.ts';
