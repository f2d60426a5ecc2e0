import fc from 'fast-check';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { crc32c } from './crc32c.ts';

const kafkajs = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/crc32C/index.js') as (
  bytes: Buffer,
) => number;

describe('crc32c', () => {
  /** RFC 3720, appendix B.4, and the check value of every catalogue. */
  it.each([
    { name: 'nothing', bytes: Buffer.alloc(0), crc: 0 },
    { name: '123456789', bytes: Buffer.from('123456789'), crc: 0xe3069283 },
    { name: '32 bytes of zeros', bytes: Buffer.alloc(32), crc: 0x8a9136aa },
    { name: '32 bytes of ones', bytes: Buffer.alloc(32, 0xff), crc: 0x62a8ab43 },
    { name: '32 incrementing bytes', bytes: Buffer.from(Array.from({ length: 32 }, (_, at) => at)), crc: 0x46dd794e },
  ])('of $name', ({ bytes, crc }) => {
    expect(crc32c(bytes, 0, bytes.length)).toBe(crc);
  });

  it('is what kafkajs computes, at whatever place in memory and for whatever length', () => {
    const place = fc.record({
      bytes: fc.uint8Array({ maxLength: 200 }),
      shift: fc.nat({ max: 8 }),
      start: fc.nat({ max: 40 }),
    });
    fc.assert(
      fc.property(place, ({ bytes, shift, start }) => {
        const memory = Buffer.alloc(shift + bytes.length);
        memory.set(bytes, shift);
        const view = memory.subarray(shift);
        const from = Math.min(start, view.length);
        expect(crc32c(view, from, view.length)).toBe(kafkajs(Buffer.from(view.subarray(from))) >>> 0);
      }),
    );
  });
});
