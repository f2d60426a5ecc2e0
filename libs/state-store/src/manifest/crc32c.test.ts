import { expect, it } from 'vitest';
import { crc32c, maskedCrc32c } from './crc32c.ts';

it.each([
  { name: 'nothing', bytes: Buffer.alloc(0), crc: 0 },
  { name: 'the check value of the polynomial', bytes: Buffer.from('123456789'), crc: 0xe3069283 },
  { name: '32 zeros (RFC 3720)', bytes: Buffer.alloc(32), crc: 0x8a9136aa },
  { name: '32 ones (RFC 3720)', bytes: Buffer.alloc(32, 0xff), crc: 0x62a8ab43 },
  { name: '0 to 31 (RFC 3720)', bytes: Buffer.from(Array.from({ length: 32 }, (_, i) => i)), crc: 0x46dd794e },
])('crc32c of $name', ({ bytes, crc }) => {
  expect(crc32c(bytes)).toBe(crc);
});

it('is masked as RocksDB masks it', () => {
  const crc = 0xe3069283;
  const rotated = ((crc >>> 15) | (crc << 17)) >>> 0;
  expect(maskedCrc32c(Buffer.from('123456789'))).toBe((rotated + 0xa282ead8) % 2 ** 32);
});
