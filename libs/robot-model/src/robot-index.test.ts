import { describe, expect, it } from 'vitest';
import { createRobotMatch, type RobotFilter, robotIndex } from './robot-index.ts';
import { initialRobotState, type RobotState } from './robot-state.ts';

const blank = initialRobotState('AGV-7');
const state: RobotState = {
  ...blank,
  presence: { status: 'online', sinceMs: 1, lastSeenMs: 1 },
  identity: { ...blank.identity, name: 'Blue Ann', fleet: 'north', site: 'a', model: 'X1' },
  reported: { ...blank.reported, mode: 'AUTOMATIC', battery: { percent: 19.9 } },
  errors: [
    { type: 'A', level: 'WARNING', sinceMs: 1, count: 1 },
    { type: 'B', level: 'CRITICAL', sinceMs: 1, count: 1 },
  ],
};

const matches = (filter: RobotFilter, of = state) => createRobotMatch(filter)('AGV-7', robotIndex.rowOf(of));

describe('createRobotMatch', () => {
  it.each<{ name: string; filter: RobotFilter; is: boolean }>([
    { name: 'nothing asked for', filter: {}, is: true },
    { name: 'one of its statuses', filter: { status: ['offline', 'online'] }, is: true },
    { name: 'another status', filter: { status: ['offline'] }, is: false },
    { name: 'its mode, fleet and site', filter: { mode: ['AUTOMATIC'], fleet: ['north'], site: ['a'] }, is: true },
    { name: 'one of them not its own', filter: { mode: ['AUTOMATIC'], fleet: ['south'] }, is: false },
    { name: 'a battery just below the limit', filter: { batteryBelow: 20 }, is: true },
    { name: 'a battery that is not below the limit', filter: { batteryBelow: 19 }, is: false },
    { name: 'an error at least as bad', filter: { errorLevel: 'URGENT' }, is: true },
    { name: 'an error exactly as bad', filter: { errorLevel: 'CRITICAL' }, is: true },
    { name: 'no error so bad', filter: { errorLevel: 'FATAL' }, is: false },
    { name: 'a piece of its id in another case', filter: { text: 'agv' }, is: true },
    { name: 'a piece of its name', filter: { text: 'e ann' }, is: true },
    { name: 'its model', filter: { text: 'x1' }, is: true },
    { name: 'a text that is nowhere', filter: { text: 'north' }, is: false },
    { name: 'robots in service', filter: { retired: false }, is: true },
    { name: 'retired robots', filter: { retired: true }, is: false },
  ])('$name: $is', ({ filter, is }) => {
    expect(matches(filter)).toBe(is);
  });

  it.each<RobotFilter>([{ mode: ['AUTOMATIC'] }, { batteryBelow: 100 }, { errorLevel: 'WARNING' }, { fleet: ['n'] }])(
    'leaves out a robot of which that is not known: %j',
    (filter) => {
      expect(matches(filter, blank)).toBe(false);
    },
  );
});

it('gives the same row while only noise changes', () => {
  const noisy: RobotState = { ...state, reported: { ...state.reported, battery: { percent: 19.1 } }, lastLogTimeMs: 9 };
  expect(robotIndex.rowOf(noisy)).toBe(robotIndex.rowOf(state));
});
