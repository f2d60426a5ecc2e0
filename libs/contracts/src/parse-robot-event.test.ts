import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFleetRecord } from './decode-fleet-record.ts';
import { parseRobotEvent } from './parse-robot-event.ts';

const given = { robotId: 'agv-1', fallbackId: 'msg_1.0' };
const whole = {
  specversion: '1.0',
  id: 'e1',
  source: '/robots/agv-1',
  type: 'robot.state.v1',
  data: { battery: { percent: 219 } },
};
/** 2026-03-01T10:00:00Z, when the robot signed. */
const sentAtMs = Date.UTC(2026, 2, 1, 10);
const nested = (levels: number): unknown => (levels === 0 ? 1 : { in: nested(levels - 1) });

describe('what is accepted', () => {
  it.each([
    { name: 'a whole event is canonical and stays itself', raw: whole, canonical: true, event: whole },
    {
      name: 'plain JSON gets the defaults',
      raw: { type: 'robot.state.v1', data: {} },
      canonical: false,
      event: { specversion: '1.0', id: 'msg_1.0', source: '/robots/agv-1', type: 'robot.state.v1', data: {} },
    },
    {
      name: 'extensions are kept',
      raw: { ...whole, site: 'hall 3' },
      canonical: true,
      event: { ...whole, site: 'hall 3' },
    },
    {
      name: 'keys of data that no schema knows are kept',
      raw: { ...whole, data: { mood: 'good' } },
      canonical: true,
      event: { ...whole, data: { mood: 'good' } },
    },
    { name: 'a null attribute counts as left out', raw: { ...whole, time: null }, canonical: false, event: whole },
    {
      name: 'a sequence given as text becomes a number',
      raw: { ...whole, sequence: '41', bootid: 'b' },
      canonical: false,
      event: { ...whole, sequence: 41, bootid: 'b' },
    },
    {
      name: 'a wrong clock is data',
      raw: { ...whole, time: 'yesterday' },
      canonical: true,
      event: { ...whole, time: 'yesterday' },
    },
    {
      name: 'a VDA 5050 message becomes a state and keeps its raw form',
      raw: { type: 'vda5050.state.v2', id: 'h7', bootid: 'b', sequence: 7, data: { timestamp: 'T', driving: true } },
      canonical: false,
      event: expect.objectContaining({
        id: 'h7',
        bootid: 'b',
        sequence: 7,
        time: 'T',
        type: 'robot.state.v1',
        data: expect.objectContaining({ driving: true, raw: { timestamp: 'T', driving: true } }) as unknown,
      }) as unknown,
    },
    {
      name: 'the time of the event goes before that of the message',
      raw: { type: 'vda5050.connection.v2', time: 'E', data: { timestamp: 'T', connectionState: 'CONNECTIONBROKEN' } },
      canonical: false,
      event: expect.objectContaining({
        time: 'E',
        data: expect.objectContaining({ connection: 'CONNECTION_BROKEN' }) as unknown,
      }) as unknown,
    },
  ])('$name', ({ raw, canonical, event }) => {
    const before = JSON.stringify(raw);
    const parsed = parseRobotEvent(raw, given);
    expect(parsed).toMatchObject({ kind: 'event', canonical });
    expect(parsed.kind === 'event' && parsed.event).toEqual(event);
    expect(JSON.stringify(raw)).toBe(before);
  });
});

describe('the time of an event that says none', () => {
  const plain = { type: 'robot.telemetry.v1', data: { metrics: {} } };
  const state = { type: 'vda5050.state.v2', data: { driving: true } };
  const sent = '2026-03-01T10:00:00.000Z';
  it.each([
    { name: 'is when its robot sent it', raw: plain, at: sentAtMs, time: sent },
    { name: 'also where null says none', raw: { ...plain, time: null }, at: sentAtMs, time: sent },
    { name: 'is left out when nobody knows that', raw: plain, at: undefined, time: undefined },
    { name: 'is left out of a canonical event, which stays itself', raw: whole, at: sentAtMs, time: undefined },
    {
      name: 'is the last moment that has a name',
      raw: plain,
      at: 253_402_300_799_000,
      time: '9999-12-31T23:59:59.000Z',
    },
    { name: 'is left out beyond it', raw: plain, at: 253_402_300_800_000, time: undefined },
    { name: "does not replace the event's own", raw: { ...plain, time: 'E' }, at: sentAtMs, time: 'E' },
    { name: 'is that of a message of a dialect', raw: { ...state, data: { timestamp: 'T' } }, at: sentAtMs, time: 'T' },
    { name: 'or when it was sent, if that says none', raw: state, at: sentAtMs, time: sent },
  ])('$name', ({ raw, at, time }) => {
    const parsed = parseRobotEvent(raw, { ...given, sentAtMs: at });
    expect(parsed.kind === 'event' && parsed.event.time).toBe(time);
    // Whoever has a message's bytes puts them at the end.
    if (parsed.kind === 'event' && !parsed.canonical) expect(Object.keys(parsed.event).at(-1)).toBe('data');
  });
});

describe('what is rejected', () => {
  const code = 'FS_EVENT_MALFORMED';
  it.each([
    { name: 'a list', raw: [], code, detail: /JSON object/, id: undefined },
    { name: 'a text', raw: 'x', code, detail: /JSON object/, id: undefined },
    { name: 'no type', raw: { data: {} }, code, detail: /^type: /, id: 'msg_1.0' },
    {
      name: 'an unknown type',
      raw: { ...whole, type: 'robot.mood.v1' },
      code: 'FS_EVENT_TYPE_UNKNOWN',
      detail: /mood/,
    },
    {
      name: "a type of the platform's",
      raw: { ...whole, type: 'fleet.robot-retired.v1' },
      code: 'FS_EVENT_TYPE_UNKNOWN',
      detail: /fleet/,
    },
    {
      name: 'a type named like a method',
      raw: { ...whole, type: 'toString' },
      code: 'FS_EVENT_TYPE_UNKNOWN',
      detail: /./,
    },
    {
      name: "another robot's source",
      raw: { ...whole, source: '/robots/agv-2' },
      code: 'FS_ROBOT_MISMATCH',
      detail: /agv-1/,
    },
    { name: 'no data', raw: { type: 'robot.alert.v1' }, code, detail: /^data/, id: 'msg_1.0' },
    {
      name: 'a value that does not fit',
      raw: { ...whole, data: { battery: { percent: '9' } } },
      code,
      detail: /^data\.battery\.percent: /,
    },
    { name: 'an id with a control character', raw: { ...whole, id: 'a\u0000' }, code, detail: /^id: /, id: undefined },
    { name: 'an id that is too long', raw: { ...whole, id: 'a'.repeat(129) }, code, detail: /^id: /, id: undefined },
    { name: 'an id that is a number', raw: { ...whole, id: 5 }, code, detail: /^id: /, id: undefined },
    { name: 'a time that is a number', raw: { ...whole, time: 5 }, code, detail: /^time: / },
    { name: 'a negative sequence', raw: { ...whole, sequence: -1 }, code, detail: /^sequence: / },
    {
      name: 'a sequence beyond exact integers',
      raw: { ...whole, sequence: '9999999999999999' },
      code,
      detail: /^sequence: /,
    },
    { name: 'another version', raw: { ...whole, specversion: '0.3' }, code, detail: /^specversion: / },
    {
      name: 'data that is not JSON',
      raw: { ...whole, datacontenttype: 'image/png' },
      code,
      detail: /^datacontenttype: /,
    },
    { name: 'an attribute in camel case', raw: { ...whole, bootId: 'b' }, code, detail: /bootId/ },
    { name: 'binary data', raw: { ...whole, data_base64: 'AA==' }, code, detail: /data_base64/ },
    { name: 'an extension that is an object', raw: { ...whole, site: {} }, code, detail: /^site: / },
    { name: 'an extension named constructor', raw: { ...whole, constructor: 'x' }, code, detail: /constructor/ },
    {
      name: 'a __proto__ attribute',
      raw: JSON.parse('{"type":"robot.state.v1","data":{},"__proto__":{}}') as unknown,
      code,
      detail: /__proto__/,
      id: 'msg_1.0',
    },
    {
      name: 'a __proto__ key deep in the data',
      raw: { ...whole, data: { raw: JSON.parse('[{"__proto__":1}]') as unknown } },
      code,
      detail: /__proto__/,
    },
    { name: 'data nested too deep', raw: { ...whole, data: { raw: nested(64) } }, code, detail: /deeper/ },
    {
      name: 'a VDA 5050 type whose data is a list',
      raw: { type: 'vda5050.state.v2', data: [] },
      code,
      detail: /^data: /,
      id: 'msg_1.0',
    },
    {
      name: 'a name of a metric that is a number',
      raw: { ...whole, type: 'robot.telemetry.v1', data: { metrics: { 7: { value: 1 } } } },
      code,
      detail: /^data\.metrics/,
    },
  ])('$name', ({ raw, code: expected, detail, ...rest }) => {
    const parsed = parseRobotEvent(raw, given);
    expect(parsed).toMatchObject({ kind: 'rejected', code: expected, id: 'id' in rest ? rest.id : 'e1' });
    expect(parsed.kind === 'rejected' && parsed.detail).toMatch(detail);
  });
});

describe('whatever JSON is given', () => {
  const types = fc.constantFrom(
    'robot.state.v1',
    'robot.telemetry.v1',
    'vda5050.state.v2',
    'vda5050.connection.v2',
    'x',
  );
  const events = fc.record(
    { type: types, data: fc.jsonValue(), id: fc.string(), extra: fc.jsonValue() },
    { requiredKeys: ['type'] },
  );

  it('there is an answer, a bounded detail, and what is accepted is read back from the log', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), events), (raw) => {
        const parsed = parseRobotEvent(raw, given);
        if (parsed.kind === 'rejected') {
          expect(parsed.detail.length).toBeLessThanOrEqual(200);
          return;
        }
        const value = Buffer.from(JSON.stringify(parsed.event));
        const record = { value, key: given.robotId, contentType: 'application/cloudevents+json' };
        expect(decodeFleetRecord(record).kind).toBe('input');
      }),
      { numRuns: 500 },
    );
  });
});
