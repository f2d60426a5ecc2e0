import { decodeFleetRecord } from '@fleetstream/contracts';
import { expect, it } from 'vitest';
import { toEnrolledRecord } from './enroll-robots.ts';

const robot = { id: 'agv-1', name: 'AGV 1', fleet: 'north', site: 'hall 2', model: 'M' };

it('makes an event that the log’s decoder takes', () => {
  const { key, value } = toEnrolledRecord(robot);
  const decoded = decodeFleetRecord({
    key,
    value: Buffer.from(value),
    contentType: 'application/cloudevents+json',
  });
  expect(decoded).toMatchObject({
    kind: 'input',
    key: 'agv-1',
    input: { type: 'fleet.robot-enrolled.v1', data: { name: 'AGV 1', fleet: 'north', site: 'hall 2', model: 'M' } },
  });
});

it('has the same id for the same data and another for other data', () => {
  const idOf = (given: Parameters<typeof toEnrolledRecord>[0]) =>
    (JSON.parse(String(toEnrolledRecord(given).value)) as { id: string }).id;
  expect(idOf(robot)).toBe(idOf({ ...robot }));
  expect(idOf(robot)).not.toBe(idOf({ ...robot, site: 'hall 3' }));
  expect(idOf({ id: 'agv-1' })).toMatch(/^enrolled-agv-1-[0-9a-f]{16}$/);
});
