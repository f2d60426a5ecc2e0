import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from './crc32c.ts';

/** Bit by bit, as the polynomial says. */
function crc32cOf(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

describe('crc32c', () => {
  /** RFC 3720, appendix B.4, and the check value of every catalogue. */
  it.each([
    { name: 'nothing', bytes: Buffer.alloc(0), crc: 0 },
    { name: '123456789', bytes: Buffer.from('123456789'), crc: 0xe3069283 },
    { name: '32 bytes of zeros', bytes: Buffer.alloc(32), crc: 0x8a9136aa },
    { name: '32 bytes of ones', bytes: Buffer.alloc(32, 0xff), crc: 0x62a8ab43 },
    { name: '32 incrementing bytes', bytes: Buffer.from(Array.from({ length: 32 }, (_, at) => at)), crc: 0x46dd794e },
  ])('of $name', ({ bytes, crc }) => {
    expect(crc32c(bytes)).toBe(crc);
  });

  it('is the same bit by bit, at whatever place in memory, from wherever to wherever', () => {
    const place = fc.record({
      bytes: fc.uint8Array({ maxLength: 200 }),
      shift: fc.nat({ max: 8 }),
      start: fc.nat({ max: 40 }),
      left: fc.nat({ max: 20 }),
    });
    fc.assert(
      fc.property(place, ({ bytes, shift, start, left }) => {
        const memory = Buffer.alloc(shift + bytes.length);
        memory.set(bytes, shift);
        const view = memory.subarray(shift);
        const from = Math.min(start, view.length);
        const end = Math.max(from, view.length - left);
        expect(crc32c(view, from, end)).toBe(crc32cOf(view.subarray(from, end)));
      }),
    );
  });
});
