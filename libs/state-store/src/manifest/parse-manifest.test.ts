import { describe, expect, it } from 'vitest';
import { deletedFile, encodeFields, type Field, newFile4, writeLog } from './manifest-builder.ts';
import { parseManifest } from './parse-manifest.ts';

const damaged = expect.objectContaining({ name: 'ManifestDamaged' }) as Error;

function tablesOf(...records: readonly Buffer[]): string[] {
  return parseManifest(writeLog(records)).tables.map(({ name, sizeBytes }) => `${name} ${sizeBytes}`);
}

describe('parseManifest', () => {
  it.each([
    {
      name: 'a new database has no tables',
      records: [encodeFields(1, { slice: 'cmp' }, 2, 4, 9, 0, 3, 7, 203, 0, 10, 0, 4, 0)],
      tables: [],
    },
    { name: 'a flush adds a table', records: [newFile4(0, 9, 100)], tables: ['000009.sst 100'] },
    {
      name: 'a compaction replaces tables',
      records: [
        newFile4(0, 9, 100),
        newFile4(0, 10, 50),
        Buffer.concat([deletedFile(0, 9), deletedFile(0, 10), newFile4(1, 11, 120)]),
      ],
      tables: ['000011.sst 120'],
    },
    {
      name: 'a table that moves to another level stays',
      records: [newFile4(0, 9, 100), Buffer.concat([deletedFile(0, 9), newFile4(1, 9, 100)])],
      tables: ['000009.sst 100'],
    },
    {
      name: 'the order of adding and deleting in an edit is no matter',
      records: [newFile4(0, 9, 100), Buffer.concat([newFile4(1, 9, 100), deletedFile(0, 9)])],
      tables: ['000009.sst 100'],
    },
    {
      name: 'numbers longer than six digits keep their digits',
      records: [newFile4(0, 12_345_678, 5_000_000_000)],
      tables: ['12345678.sst 5000000000'],
    },
    {
      name: 'older forms of a new table are read',
      records: [
        encodeFields(7, 0, 1, 10, { slice: 's' }, { slice: 'l' }),
        encodeFields(100, 0, 2, 20, { slice: 's' }, { slice: 'l' }, 1, 2),
        encodeFields(102, 0, 3, 0, 30, { slice: 's' }, { slice: 'l' }, 1, 2),
      ],
      tables: ['000001.sst 10', '000002.sst 20', '000003.sst 30'],
    },
    {
      name: 'tags that may be ignored are skipped by their length',
      records: [
        Buffer.concat([
          encodeFields(8193, { slice: 'db id' }),
          encodeFields(8199, { slice: Buffer.alloc(3, 6) }),
          encodeFields(8192 + 4000, { slice: 'of the future' }),
          newFile4(0, 9, 100),
        ]),
      ],
      tables: ['000009.sst 100'],
    },
    {
      name: 'custom fields of a table that may be ignored are skipped',
      records: [
        newFile4(0, 9, 100, [13, { slice: 'epoch' }, 33, { slice: 'of the future' }, 65, { slice: Buffer.from([0]) }]),
      ],
      tables: ['000009.sst 100'],
    },
    {
      name: 'the first column family may be named',
      records: [Buffer.concat([newFile4(0, 9, 100), encodeFields(200, 0)])],
      tables: ['000009.sst 100'],
    },
    {
      name: 'compaction cursors are skipped',
      records: [Buffer.concat([encodeFields(5, 1, { slice: 'key' }), newFile4(0, 9, 100)])],
      tables: ['000009.sst 100'],
    },
  ])('$name', ({ records, tables }) => {
    expect(tablesOf(...records)).toEqual(tables);
  });

  it('applies an atomic group when it is whole, and cuts it off when it is not', () => {
    const before = newFile4(0, 1, 10);
    const group = [
      Buffer.concat([newFile4(0, 2, 20), encodeFields(300, 1)]),
      Buffer.concat([deletedFile(0, 1), encodeFields(300, 0)]),
    ];
    expect(tablesOf(before, ...group)).toEqual(['000002.sst 20']);
    const torn = parseManifest(writeLog([before, ...group.slice(0, 1)]));
    expect(torn.tables).toEqual([{ name: '000001.sst', sizeBytes: 10 }]);
    expect(torn.endBytes).toBe(writeLog([before]).length);
    expect(() => tablesOf(before, ...group.slice(0, 1), newFile4(0, 3, 30))).toThrow(damaged);
  });

  it('gives, cut at its end, the same tables again', () => {
    const records = [newFile4(0, 1, 10), newFile4(0, 2, 20), newFile4(0, 3, 30)];
    const log = writeLog(records);
    for (let end = writeLog(records.slice(0, 1)).length; end <= log.length; end++) {
      const parsed = parseManifest(log.subarray(0, end));
      expect(parseManifest(log.subarray(0, parsed.endBytes))).toEqual(parsed);
    }
  });

  it.each([0, 6, 20])('refuses a file in which nothing is whole, of %d bytes', (end) => {
    expect(() => parseManifest(writeLog([newFile4(0, 1, 10)]).subarray(0, end))).toThrow(damaged);
  });

  it.each<{ name: string; record: Buffer }>([
    { name: 'an unknown tag', record: encodeFields(11, 1) },
    { name: 'blob files', record: encodeFields(400, 1, 2, 3) },
    { name: 'old tags that can be ignored by their bit but have no length', record: encodeFields(8196, 1) },
    { name: 'a second column family', record: Buffer.concat([newFile4(0, 9, 100), encodeFields(200, 1)]) },
    { name: 'a column family that is added', record: encodeFields(201, { slice: 'other' }) },
    { name: 'a second path', record: newFile4(0, 9, 100, [65, { slice: Buffer.from([1]) }]) },
    {
      name: 'a field of a table that must be understood',
      record: newFile4(0, 9, 100, [70, { slice: 'x' }] satisfies Field[]),
    },
    { name: 'a table that is deleted but was never there', record: deletedFile(0, 4) },
    { name: 'a number that is cut off', record: Buffer.from([2, 0x80]) },
    { name: 'a number of more than 64 bits', record: Buffer.from([2, ...Buffer.alloc(10, 0xff), 1]) },
    { name: 'a field that is cut off', record: encodeFields(1, 100, Buffer.from('short')) },
  ])('refuses $name', ({ record }) => {
    expect(() => tablesOf(record)).toThrow(damaged);
  });
});
