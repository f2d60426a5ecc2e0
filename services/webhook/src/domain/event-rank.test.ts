import { type FleetEvent, type RobotEventType } from '@fleetstream/contracts';
import { expect, it } from 'vitest';
import { ranks, toEventRank } from './event-rank.ts';

const state = (data: object) => ({ type: 'robot.state.v1', data });
const error = (level: string) => ({ type: 'motor', level });

it.each([
  { name: 'an emergency stop is safety', event: state({ safety: { emergencyStop: 'MANUAL' } }), rank: 'safety' },
  { name: 'that none is active is not', event: state({ safety: { emergencyStop: 'NONE' } }), rank: 'state' },
  { name: 'a violated field is safety', event: state({ safety: { fieldViolation: true } }), rank: 'safety' },
  { name: 'a fatal error is safety', event: state({ errors: [error('WARNING'), error('FATAL')] }), rank: 'safety' },
  { name: 'a warning is state', event: state({ errors: [error('WARNING')] }), rank: 'state' },
  { name: 'any other state is state', event: state({ battery: { percent: 3 } }), rank: 'state' },
  {
    name: 'a critical alert is safety',
    event: { type: 'robot.alert.v1', data: { code: 'x', level: 'CRITICAL' } },
    rank: 'safety',
  },
  {
    name: 'a lesser alert is state',
    event: { type: 'robot.alert.v1', data: { code: 'x', level: 'URGENT' } },
    rank: 'state',
  },
  {
    name: 'an answer to a command is a reply',
    event: { type: 'robot.command-ack.v1', data: { commandId: 'c', status: 'received' } },
    rank: 'reply',
  },
  { name: 'numbers are telemetry', event: { type: 'robot.telemetry.v1', data: { metrics: {} } }, rank: 'telemetry' },
])('$name', ({ event, rank }) => {
  expect(ranks[toEventRank(event as unknown as FleetEvent<RobotEventType>)]).toBe(rank);
});
