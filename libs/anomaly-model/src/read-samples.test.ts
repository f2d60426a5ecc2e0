import { type FleetEvent, type RobotStateData } from '@fleetstream/contracts';
import { describe, expect, it } from 'vitest';
import { type RateAnchors, readSamples } from './read-samples.ts';

function state(atSeconds: number | undefined, data: RobotStateData): FleetEvent {
  const time = atSeconds === undefined ? {} : { time: new Date(atSeconds * 1000).toISOString() };
  return { specversion: '1.0', id: 'x', source: '/robots/r', type: 'robot.state.v1', ...time, data };
}

function readAll(...events: readonly FleetEvent[]) {
  const anchors: RateAnchors = {};
  return events.map((event) =>
    Object.fromEntries(readSamples(event, anchors).map(({ metric, value }) => [metric, value])),
  );
}

const battery = (percent: number, charging = false) => ({ battery: { percent, charging } });
const pose = (x: number, y: number, map = 'hall') => ({ pose: { x, y, map } });

describe('numbers of an event', () => {
  it('telemetry keeps its names and units', () => {
    const event: FleetEvent = {
      specversion: '1.0',
      id: 'x',
      source: '/robots/r',
      type: 'robot.telemetry.v1',
      data: { metrics: { current: { value: 2, unit: 'A' }, load: { value: 1 } } },
    };
    expect(readSamples(event, {})).toEqual([
      { metric: 'current', value: 2, unit: 'A' },
      { metric: 'load', value: 1, unit: undefined },
    ]);
  });

  it.each([
    {
      name: "a battery's rate is taken over a minute or more of the robot's clock",
      events: [state(0, battery(50)), state(30, battery(49)), state(60, battery(48))],
      last: { 'state.battery.percent': 48, 'state.battery.rate': -120 },
    },
    {
      name: 'charging has a rate of its own',
      events: [state(0, battery(50, true)), state(60, battery(51, true))],
      last: { 'state.battery.percent': 51, 'state.battery.charge-rate': 60 },
    },
    {
      name: 'no rate from discharging to charging',
      events: [state(0, battery(50)), state(60, battery(51, true))],
      last: { 'state.battery.percent': 51 },
    },
    {
      name: 'no rate from a clock that runs back',
      events: [state(100, battery(50)), state(40, battery(49))],
      last: { 'state.battery.percent': 49 },
    },
    {
      name: 'no rate without a clock',
      events: [state(undefined, battery(50)), state(undefined, battery(49))],
      last: { 'state.battery.percent': 49 },
    },
    {
      name: "a pose's speed is the distance by the robot's clock",
      events: [state(0, pose(0, 0)), state(2, pose(3, 4))],
      last: { 'state.pose.speed': 2.5 },
    },
    { name: 'no speed onto another map', events: [state(0, pose(0, 0)), state(2, pose(3, 4, 'yard'))], last: {} },
    {
      name: 'velocity and voltage are read as they are',
      events: [state(0, { velocity: { linearMps: 1, angularRps: 2 }, battery: { voltageV: 24 } })],
      last: { 'state.velocity.linear': 1, 'state.velocity.angular': 2, 'state.battery.voltage': 24 },
    },
  ])('$name', ({ events, last }) => {
    expect(readAll(...events).at(-1)).toEqual(last);
  });
});
