import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLogRecords } from './read-log-records.ts';
import { toFragment, writeLogRecords } from './write-log-records.ts';

const block = 32 * 1024;

/** `undefined` when the damage was seen. */
function readOrUndefined(log: Buffer): string[] | undefined {
  try {
    return readLogRecords(log).map(({ bytes }) => bytes.toString());
  } catch {
    return undefined;
  }
}

describe('readLogRecords', () => {
  it.each([
    { name: 'nothing', sizes: [] },
    { name: 'an empty record', sizes: [0, 3, 0] },
    { name: 'a record that ends with its block', sizes: [block - 7, 10] },
    { name: 'a block with six bytes left, which are padding', sizes: [block - 7 - 6, 10] },
    { name: 'a block with seven bytes left, which hold an empty first fragment', sizes: [block - 7 - 7, 10] },
    { name: 'a record over three blocks', sizes: [100, 2 * block + 500, 1] },
  ])('reads $name', ({ sizes }) => {
    const records = sizes.map((size, index) => Buffer.alloc(size, index + 1));
    const read = readLogRecords(writeLogRecords(records));
    expect(read.map(({ bytes }) => bytes)).toEqual(records);
  });

  it('of any prefix of a log gives the records that are whole in it, and never fails', () => {
    const sizes = fc.array(fc.oneof(fc.nat(50), fc.integer({ min: block - 20, max: block + 20 })), { maxLength: 6 });
    fc.assert(
      fc.property(sizes, fc.double({ min: 0, max: 1, noNaN: true }), (lengths, share) => {
        const records = lengths.map((length, index) => Buffer.alloc(length, index + 1));
        const log = writeLogRecords(records);
        const end = Math.floor(log.length * share);
        const read = readLogRecords(log.subarray(0, end));
        expect(read.map(({ bytes }) => bytes)).toEqual(records.slice(0, read.length));
        const next = writeLogRecords(records.slice(0, read.length + 1)).length;
        expect(read.length === records.length || next > end).toBe(true);
        expect(read.at(-1)?.endBytes ?? 0).toBeLessThanOrEqual(end);
      }),
      { numRuns: 60 },
    );
  });

  it('sees every flipped bit of a payload, a type or a checksum', () => {
    const log = writeLogRecords([Buffer.from('first record'), Buffer.from('second record')]);
    const firstLength = 7 + 'first record'.length;
    for (let bit = 0; bit < firstLength * 8; bit++) {
      // The length is not covered by the checksum; a wrong one makes the checksum of other bytes wrong, or the end.
      const damaged = Buffer.from(log);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const read = readOrUndefined(damaged);
      if (read === undefined) continue;
      expect(read).toEqual([]);
      expect(bit >> 3 === 4 || bit >> 3 === 5).toBe(true);
    }
  });

  it('takes preallocated zeros at the end for the end', () => {
    const log = writeLogRecords([Buffer.from('a')]);
    const read = readLogRecords(Buffer.concat([log, Buffer.alloc(5_000)]));
    expect(read).toEqual([{ bytes: Buffer.from('a'), endBytes: log.length }]);
  });

  it.each([
    { name: 'zeros with something behind them', log: Buffer.concat([Buffer.alloc(20), Buffer.from('x')]) },
    { name: 'a middle without a first', log: toFragment(3, Buffer.from('x')) },
    { name: 'a last without a first', log: toFragment(4, Buffer.from('x')) },
    {
      name: 'a full inside of a record',
      log: Buffer.concat([toFragment(2, Buffer.from('x')), toFragment(1, Buffer.from('y'))]),
    },
    {
      name: 'a first inside of a record',
      log: Buffer.concat([toFragment(2, Buffer.from('x')), toFragment(2, Buffer.from('y'))]),
    },
    { name: 'a recycled log', log: toFragment(5, Buffer.from('x')) },
    { name: 'a type that nobody knows', log: toFragment(77, Buffer.from('x')) },
  ])('refuses $name', ({ log }) => {
    expect(() => readLogRecords(log)).toThrow(expect.objectContaining({ name: 'ManifestDamaged' }) as Error);
  });
});
