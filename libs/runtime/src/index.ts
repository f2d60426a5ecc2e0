export { type Component, type Stop } from './component.ts';
export { type ProcessPort, runProcess } from './run-process.ts';
