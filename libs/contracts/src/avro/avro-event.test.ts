import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toAvroEvent, toEventText } from './avro-event.ts';
import { toAvroEventSchema } from './avro-event-schema.ts';

const plain =
  '{"specversion":"1.0","id":"e-1","source":"/robots/r-1","type":"robot.state.v1","sequence":7,"data":{"a":[1,{"b":"}"}]}}';

describe('an event as Avro', () => {
  it.each([
    { name: "the platform's own order carries no frame", text: plain, frame: false, data: '{"a":[1,{"b":"}"}]}' },
    { name: 'white space is carried', text: plain.replace(',', ', '), frame: true, data: '{"a":[1,{"b":"}"}]}' },
    {
      name: 'another order is carried',
      text: '{"data":{"x":1.0},"id":"e-1","specversion":"1.0","source":"s","type":"t"}',
      frame: true,
      data: '{"x":1.0}',
    },
    {
      name: 'numbers of data keep how they were written',
      text: '{"specversion":"1.0","id":"e","source":"s","type":"t","data":{"x":1.50e0,"y":-0}}',
      frame: false,
      data: '{"x":1.50e0,"y":-0}',
    },
    {
      name: 'extensions of each kind come last before data',
      text: '{"specversion":"1.0","id":"e","source":"s","type":"t","site":"b","shift":2,"night":true,"data":null}',
      frame: false,
      data: 'null',
    },
    { name: 'no data', text: '{"specversion":"1.0","id":"e","source":"s","type":"t"}', frame: false, data: null },
    {
      name: 'an escaped lone surrogate is not lost',
      text: String.raw`{"specversion":"1.0","id":"e","source":"s","type":"t","note":"\ud800","data":1}`,
      frame: true,
      data: '1',
    },
    {
      name: 'of a repeated member the last counts',
      text: '{"specversion":"1.0","id":"e","source":"s","type":"t","data":1,"data":{"data":2}}',
      frame: true,
      data: '{"data":2}',
    },
    {
      name: 'a member whose name is written with an escape stays in the frame',
      text: String.raw`{"specversion":"1.0","id":"e","source":"s","type":"t","d\u0061ta":1}`,
      frame: true,
      data: null,
    },
    {
      name: 'what looks like data inside a text or an inner object is none',
      text: String.raw`{"specversion":"1.0","id":"\"data\":1,","source":"s","type":"t","data":{"data":"\\"}}`,
      frame: true,
      data: String.raw`{"data":"\\"}`,
    },
  ])('comes back to the byte: $name', ({ text, frame, data }) => {
    const event = toAvroEvent(text);
    expect(toEventText(event)).toBe(text);
    expect({ frame: event.frame !== null, data: event.data }).toEqual({ frame, data });
  });

  it('comes back to the byte whatever the object is and however it is spaced', () => {
    const key = fc.oneof(fc.constantFrom('data', 'id', 'sequence', 'type', '7'), fc.string());
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue()), fc.integer({ min: 0, max: 2 }), (object, spaces) => {
        const text = JSON.stringify(object, undefined, spaces);
        expect(toEventText(toAvroEvent(text))).toBe(text);
      }),
    );
  });

  it('has a schema whose optional fields all have defaults, so that old and new readers get along', () => {
    const { fields } = toAvroEventSchema();
    expect(fields.filter((field) => !('default' in field)).map(({ name }) => name)).toEqual([
      ...['specversion', 'id', 'source', 'type'],
    ]);
    expect(fields.find(({ name }) => name === 'sequence')).toMatchObject({ type: ['null', 'long'], default: null });
    expect(fields.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['time', 'bootid', 'traceparent', 'extensions', 'data', 'frame']),
    );
  });
});
