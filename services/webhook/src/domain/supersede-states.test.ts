import { type FleetEvent, type RobotEventType } from '@fleetstream/contracts';
import { expect, it } from 'vitest';
import { findSuperseded } from './supersede-states.ts';

const state = (keys: string, sequence?: number, bootid = 'b') =>
  ({
    type: 'robot.state.v1',
    data: Object.fromEntries(Array.from(keys, (key) => [key, 1])),
    ...(sequence === undefined ? {} : { sequence, bootid }),
  }) as unknown as FleetEvent<RobotEventType>;
const telemetry = { type: 'robot.telemetry.v1', data: {} } as unknown as FleetEvent<RobotEventType>;

it.each([
  {
    name: 'the last of equal snapshots stands for all',
    events: [state('ab', 1), state('ab', 2), state('ab', 3)],
    gone: [0, 1],
  },
  { name: 'one that says more stands for one that says less', events: [state('a', 1), state('ab', 2)], gone: [0] },
  { name: 'what the later leaves out is kept', events: [state('ab', 1), state('a', 2)], gone: [] },
  {
    name: 'what comes late in the request but is older stands for nothing',
    events: [state('a', 2), state('a', 1)],
    gone: [],
  },
  { name: 'boots have nothing to say of each other', events: [state('a', 1, 'x'), state('a', 2, 'y')], gone: [] },
  { name: 'without sequences the order of the request counts', events: [state('a'), state('a')], gone: [0] },
  { name: 'a sequence against none proves nothing', events: [state('a'), state('a', 2)], gone: [] },
  { name: 'other events are left alone', events: [telemetry, undefined, state('a', 1), telemetry], gone: [] },
])('$name', ({ events, gone }) => {
  expect([...findSuperseded(events)].sort()).toEqual(gone);
});
