export { type Component, type Stop } from './component.ts';
export { runComponents, type RunOptions } from './run-components.ts';
export { type ProcessPort, runProcess } from './run-process.ts';
