import { describe, expect, it } from 'vitest';
import { readPayload, readSchemaId, toWire } from './wire-format.ts';

describe('the wire format', () => {
  it('puts a zero and the id, the highest byte first, before the payload', () => {
    const wire = toWire(258, Buffer.from('abc'));
    expect(wire.toString('hex')).toBe('0000000102616263');
    expect([readSchemaId(wire), readPayload(wire).toString()]).toEqual([258, 'abc']);
  });

  it.each([
    { name: 'nothing', bytes: [] },
    { name: 'a header that is cut off', bytes: [0, 0, 0, 1] },
    { name: 'another first byte', bytes: [1, 0, 0, 0, 1, 2] },
  ])('has no id in $name', ({ bytes }) => {
    expect(readSchemaId(Buffer.from(bytes))).toBeUndefined();
  });
});
