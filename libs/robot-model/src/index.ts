export { type Conditioned, holds } from './condition.ts';
export { createRobotFold } from './robot-fold.ts';
export { defaultRobotRules, type RobotRules } from './robot-rules.ts';
export { type RobotState } from './robot-state.ts';
export { createRobotMatch, type RobotFilter, robotIndex } from './robot-index.ts';
export { type CapsuleDifference, type CapsuleReplay, replayCapsule } from './replay-capsule.ts';
export { type RefoldRecord, RobotRefold } from './robot-refold.ts';
