import { expect, it } from 'vitest';
import { maskedCrc32c } from './masked-crc32c.ts';

it('is masked as RocksDB masks it', () => {
  const crc = 0xe3069283;
  const rotated = ((crc >>> 15) | (crc << 17)) >>> 0;
  expect(maskedCrc32c(Buffer.from('123456789'))).toBe((rotated + 0xa282ead8) % 2 ** 32);
});
