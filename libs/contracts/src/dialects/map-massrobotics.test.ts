import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { robotStateSchema } from '../events/robot-state.ts';
import { isJsonObject, type JsonObject } from '../json-object.ts';
import { parseRobotEvent } from '../parse-robot-event.ts';
import { toConformance } from './conformance.ts';
import { dialectDeviations } from './dialect-deviations.ts';
import { mapMassrobotics } from './map-massrobotics.ts';

const standard: JsonObject = {
  uuid: '4b8302da-21ad-401f-af45-1dfd956b80b5',
  timestamp: '2026-05-07T12:00:00.000Z',
  operationalState: 'navigating',
  location: {
    x: 1.5,
    y: -2,
    angle: { x: 0, y: 0, z: 0, w: 1 },
    planarDatum: '4b8302da-21ad-401f-af45-1dfd956b80b6',
  },
  velocity: { linear: 0.7 },
  batteryPercentage: 88,
};

describe('a status report', () => {
  it('that follows the standard is read whole, without a deviation', () => {
    expect(mapMassrobotics(standard)).toEqual({
      dialect: 'massrobotics',
      version: undefined,
      time: '2026-05-07T12:00:00.000Z',
      deviations: [],
      data: {
        mode: 'AUTOMATIC',
        driving: true,
        paused: false,
        battery: { percent: 88, charging: false },
        pose: { x: 1.5, y: -2, theta: 0, map: '4b8302da-21ad-401f-af45-1dfd956b80b6' },
        velocity: { linearMps: 0.7 },
        errors: [],
      },
    });
  });

  it.each([
    { name: 'charging without a percentage', change: { operationalState: 'charging' }, data: { driving: false } },
    { name: 'waiting is paused', change: { operationalState: 'waitingHumanEvent' }, data: { paused: true } },
    { name: 'an override is manual', change: { operationalState: 'manualOverride' }, data: { mode: 'MANUAL' } },
    { name: 'offline ends presence', change: { operationalState: 'offline' }, data: { connection: 'OFFLINE' } },
    {
      name: 'errors, each once',
      change: { errorCodes: ['E1', 'E1', 'E2'] },
      data: {
        errors: [
          { type: 'E1', level: 'WARNING' },
          { type: 'E2', level: 'WARNING' },
        ],
      },
    },
    {
      name: 'a quarter turn',
      change: { location: { x: 0, y: 0, angle: { x: 0, y: 0, z: Math.SQRT1_2, w: Math.SQRT1_2 }, planarDatum: 'm' } },
      data: { pose: { x: 0, y: 0, theta: expect.closeTo(Math.PI / 2) as number, map: 'm' } },
    },
  ])('reads $name', ({ change, data }) => {
    const mapped = mapMassrobotics({ ...standard, ...change });
    expect(mapped.deviations).toEqual([]);
    expect(mapped.data).toMatchObject(data);
  });

  it.each([
    { change: { uuid: undefined }, deviation: 'uuid-missing' },
    { change: { timestamp: undefined }, deviation: 'timestamp-missing' },
    { change: { operationalState: undefined }, deviation: 'operational-state-missing' },
    { change: { operationalState: 'dancing' }, deviation: 'operational-state-unknown' },
    { change: { location: undefined }, deviation: 'location-missing' },
    { change: { location: { x: 1 } }, deviation: 'position-incomplete' },
    { change: { location: { x: 1, y: 2 } }, deviation: 'planar-datum-missing' },
    { change: { batteryPercentage: 101 }, deviation: 'battery-out-of-range' },
    { change: { batteryPercentage: '88' }, deviation: 'field-of-wrong-type' },
    { change: { errorCodes: 'E1' }, deviation: 'field-of-wrong-type' },
  ])('names $deviation', ({ change, deviation }) => {
    expect(mapMassrobotics({ ...standard, ...change }).deviations).toEqual([deviation]);
  });

  it('of any kind is mapped to a state that fits', () => {
    const names = Object.keys(standard).concat('errorCodes');
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.jsonValue()), (message) => {
        if (!isJsonObject(message)) return;
        const { data, deviations } = mapMassrobotics(message);
        expect(robotStateSchema.safeParse(data).error?.issues).toBeUndefined();
        for (const deviation of deviations) expect(dialectDeviations).toContain(deviation);
      }),
      { numRuns: 500 },
    );
  });

  it('becomes an event with its score and the raw message last', () => {
    const given = { robotId: 'r', fallbackId: 'f', deviations: ['number-beyond-exact'] as const };
    const parsed = parseRobotEvent({ type: 'massrobotics.status.v1', data: standard }, given);
    if (parsed.kind !== 'event') return expect.unreachable(parsed.detail);
    expect(parsed.event.data).toMatchObject({
      conformance: { dialect: 'massrobotics', score: 98 },
      deviations: ['number-beyond-exact'],
    });
    expect(JSON.stringify(parsed.event)).toMatch(new RegExp(`"raw":${JSON.stringify(standard).slice(0, 20)}.*\\}\\}$`));
  });
});

it('a score is 100 to the letter and never below 0', () => {
  const dialect = 'vda5050';
  expect(toConformance({ dialect, version: '3.0.0', deviations: [] })).toEqual({
    dialect,
    version: '3.0.0',
    score: 100,
  });
  expect(
    toConformance({ dialect, version: undefined, deviations: ['list-cut', 'uuid-missing', 'error-empty'] }),
  ).toEqual({ dialect, score: 85 });
  expect(toConformance({ dialect, version: undefined, deviations: dialectDeviations }).score).toBe(0);
});
