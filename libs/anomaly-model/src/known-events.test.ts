import { type FleetEvent } from '@fleetstream/contracts';
import { expect, it } from 'vitest';
import { KnownEvents } from './known-events.ts';

const event = (id: string, bootid?: string, sequence?: number): FleetEvent => ({
  specversion: '1.0',
  id,
  source: '/robots/r',
  type: 'robot.telemetry.v1',
  data: { metrics: {} },
  ...(bootid === undefined ? {} : { bootid }),
  ...(sequence === undefined ? {} : { sequence }),
});

it.each([
  { name: 'the same id is a duplicate', events: [event('a'), event('a')], last: 'duplicate' },
  { name: 'another id is new', events: [event('a'), event('b')], last: 'new' },
  { name: 'the next sequence is new', events: [event('a', 'x', 1), event('b', 'x', 2)], last: 'new' },
  { name: 'a lower sequence is late', events: [event('a', 'x', 2), event('b', 'x', 1)], last: 'late' },
  { name: 'a new boot starts over', events: [event('a', 'x', 2), event('b', 'y', 1)], last: 'new' },
  {
    name: 'ids are forgotten in the end',
    events: [event('a'), ...Array.from({ length: 32 }, (_, index) => event(`b-${index}`)), event('a')],
    last: 'new',
  },
])('$name', ({ events, last }) => {
  const known = new KnownEvents();
  expect(events.map((one) => known.check(one)).at(-1)).toBe(last);
});
