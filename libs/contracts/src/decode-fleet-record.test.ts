import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFleetRecord } from './decode-fleet-record.ts';
import { tickKey, toTickEvent } from './tick.ts';

const contentType = 'application/cloudevents+json';
const event = {
  specversion: '1.0',
  id: 'e1',
  source: '/robots/agv-1',
  type: 'robot.state.v1',
  data: { driving: true },
};
const retired = { ...event, type: 'fleet.robot-retired.v1', data: {} };
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const decode = (value: unknown, key: string | undefined = 'agv-1') =>
  decodeFleetRecord({ value: bytes(value), key, contentType });

describe('decodeFleetRecord', () => {
  it('gives the event and its key', () => {
    expect(decode(event)).toEqual({ kind: 'input', key: 'agv-1', input: event });
  });

  it('leaves out what the schemas do not know', () => {
    const extended = { ...event, site: 'x', data: { driving: true, mood: 'good' } };
    expect(decode(extended)).toEqual({ kind: 'input', key: 'agv-1', input: event });
  });

  it('reads an event of the platform, written as the robot or as the fleet', () => {
    expect(decode(retired).kind).toBe('input');
    expect(decode({ ...retired, source: '/fleet/platform' }).kind).toBe('input');
  });

  it('reads a tick', () => {
    expect(decodeFleetRecord({ value: Buffer.from(toTickEvent(3, 't1')), key: tickKey, contentType })).toEqual({
      kind: 'tick',
    });
  });

  it.each([
    { name: 'no value', record: { value: null, key: 'agv-1', contentType }, detail: /no value/ },
    {
      name: 'no content type',
      record: { value: bytes(event), key: 'agv-1', contentType: undefined },
      detail: /content-type/,
    },
    { name: 'not JSON', record: { value: Buffer.from('{'), key: 'agv-1', contentType }, detail: /not JSON/ },
    { name: 'not an object', record: { value: bytes([]), key: 'agv-1', contentType }, detail: /^event: / },
    {
      name: 'no type',
      record: { value: bytes({ ...event, type: undefined }), key: 'agv-1', contentType },
      detail: /^type: /,
    },
    {
      name: 'an unknown type',
      record: { value: bytes({ ...event, type: 'toString' }), key: 'agv-1', contentType },
      detail: /^type: /,
    },
    {
      name: 'data that does not fit',
      record: { value: bytes({ ...event, data: { driving: 1 } }), key: 'agv-1', contentType },
      detail: /^data\.driving: /,
    },
    { name: 'no key', record: { value: bytes(event), key: undefined, contentType }, detail: /key/ },
    { name: "another robot's key", record: { value: bytes(event), key: 'agv-2', contentType }, detail: /^source: / },
    {
      name: 'a robot event written as the fleet',
      record: { value: bytes({ ...event, source: '/fleet/x' }), key: 'agv-1', contentType },
      detail: /^source: /,
    },
  ])('makes poison of $name', ({ record, detail }) => {
    const decoded = decodeFleetRecord(record);
    expect(decoded).toMatchObject({ kind: 'poison', reason: 'FS_RECORD_UNDECODABLE' });
    expect(decoded.kind === 'poison' && decoded.detail).toMatch(detail);
  });

  it('has an answer for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.option(fc.string(), { nil: undefined }), (value, key) => {
        expect(decodeFleetRecord({ value: Buffer.from(value), key, contentType }).kind).not.toBe('input');
      }),
    );
  });
});
