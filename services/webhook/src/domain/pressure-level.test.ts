import { describe, expect, it } from 'vitest';
import { type PressureShares, toPressure, toReportInterval } from './pressure-level.ts';

const calm: PressureShares = { requests: 0, log: 0, ack: 0, loop: 0, memory: 0.5 };

describe('toPressure', () => {
  it.each([
    { name: 'nothing is shed below half of any limit', shares: { requests: 0.49, log: 0.49 }, level: 0 },
    { name: 'telemetry from half of a limit on', shares: { log: 0.5 }, level: 1 },
    { name: 'states from three quarters on', shares: { ack: 0.75 }, level: 2 },
    { name: 'all that is not urgent near the limit', shares: { loop: 0.9 }, level: 3 },
    { name: 'beyond a limit it stays at that', shares: { loop: 7 }, level: 3 },
    { name: 'a heap of two thirds is as usual', shares: { memory: 0.66 }, level: 0 },
    { name: 'a heap that is nearly full is pressure', shares: { memory: 0.97 }, level: 3 },
  ])('$name', ({ shares, level }) => {
    expect(toPressure({ ...calm, ...shares }).level).toBe(level);
  });
  it('names the worst share as the cause', () => {
    expect(toPressure({ ...calm, log: 0.6, ack: 0.8 }).cause).toBe('ack');
  });
});

describe('toReportInterval', () => {
  it.each([
    { name: 'no wish while all is well', current: 0, drainMs: 5000, level: 0, next: 0 },
    { name: 'begins at half a second when folds are behind', current: 0, drainMs: 5001, level: 0, next: 500 },
    { name: 'doubles while they stay behind', current: 500, drainMs: 9000, level: 0, next: 1000 },
    { name: 'up to half a minute', current: 20_000, drainMs: 9000, level: 0, next: 30_000 },
    { name: "a pod's own pressure counts too", current: 500, drainMs: 0, level: 1, next: 1000 },
    { name: 'gives back a quarter at a time', current: 1000, drainMs: 0, level: 0, next: 750 },
    { name: 'and ends below half a second', current: 600, drainMs: 0, level: 0, next: 0 },
  ] as const)('$name', ({ current, drainMs, level, next }) => {
    expect(toReportInterval(current, drainMs, level)).toBe(next);
  });
});
