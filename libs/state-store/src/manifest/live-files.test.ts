import { describe, expect, it } from 'vitest';
import { LiveFiles } from './live-files.ts';
import { blobFile, blobGarbage, deletedFile, encodeFields, type Field, newFile4 } from './manifest-builder.ts';
import { writeLogRecords } from './write-log-records.ts';

const damaged = expect.objectContaining({ name: 'ManifestDamaged' }) as Error;

function read(manifest: Buffer): LiveFiles {
  const live = new LiveFiles();
  live.read(manifest);
  return live;
}

function filesIn(live: LiveFiles): string[] {
  return live.files().map(({ name, sizeBytes }) => `${name} ${sizeBytes}`);
}

function tablesOf(...records: readonly Buffer[]): string[] {
  const live = read(writeLogRecords(records));
  // What it writes itself must say the same.
  expect(filesIn(read(live.toManifest())).sort()).toEqual(filesIn(live).sort());
  return filesIn(live);
}

/** Points into blob files from this one on. */
const withBlob = (level: number, number: number, oldest: number): Buffer =>
  newFile4(level, number, 100, [4, { slice: encodeFields(oldest) }]);

describe('LiveFiles', () => {
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
    const torn = read(writeLogRecords([before, ...group.slice(0, 1)]));
    expect(filesIn(torn)).toEqual(['000001.sst 10']);
    expect(torn.endBytes).toBe(writeLogRecords([before]).length);
    expect(() => tablesOf(before, ...group.slice(0, 1), newFile4(0, 3, 30))).toThrow(damaged);
  });

  it('read on from where it ended is the same as read at once, wherever it was cut', () => {
    const big = Array.from({ length: 400 }, (_, index) => newFile4(0, index + 10, index + 1));
    const records = [newFile4(0, 1, 10), encodeFields(4, 77), newFile4(0, 2, 20), deletedFile(0, 1), ...big];
    const log = writeLogRecords(records);
    const whole = filesIn(read(log));
    for (let cut = writeLogRecords(records.slice(0, 1)).length; cut <= log.length; cut += 97) {
      const live = read(log.subarray(0, cut));
      live.read(log.subarray(live.endBytes));
      expect(filesIn(live)).toEqual(whole);
      expect(live.endBytes).toBe(log.length);
    }
  });

  it('puts in one record what took many, with the last value of every setting', () => {
    const settings = (sequence: number): Buffer => encodeFields(2, 4, 3, 7, 4, sequence);
    const first = encodeFields(8193, { slice: 'db id' }, 1, { slice: 'leveldb.BytewiseComparator' }, 9, 0);
    const edits = Array.from({ length: 500 }, (_, index) =>
      Buffer.concat([settings(index), newFile4(0, index + 10, 100), ...(index > 0 ? [deletedFile(0, index + 9)] : [])]),
    );
    const short = read(writeLogRecords([first, ...edits])).toManifest();
    expect(short.length).toBeLessThan(200);
    expect(short).toEqual(read(short).toManifest());
    for (const kept of [first.subarray(0, 8), settings(499)]) expect(short.includes(kept)).toBe(true);
    expect(filesIn(read(short))).toEqual(['000509.sst 100']);
  });

  it.each([
    {
      name: 'a flush adds a blob file, which is as large as its blobs and 62 bytes',
      records: [Buffer.concat([blobFile(8, 2, 1000), withBlob(0, 9, 8)])],
      files: ['000009.sst 100', '000008.blob 1062'],
    },
    {
      name: 'a blob file stays while a blob of it is of use, though no table begins with it',
      records: [
        Buffer.concat([blobFile(7, 1, 10), withBlob(0, 9, 7)]),
        Buffer.concat([blobFile(8, 2, 1000), withBlob(0, 10, 8)]),
        Buffer.concat([deletedFile(0, 9), deletedFile(0, 10), withBlob(1, 11, 7), blobGarbage(8, 1, 500)]),
      ],
      files: ['000011.sst 100', '000007.blob 72', '000008.blob 1062'],
    },
    {
      name: 'a blob file whose garbage adds up to all of it goes',
      records: [
        Buffer.concat([blobFile(7, 1, 10), withBlob(0, 9, 7)]),
        Buffer.concat([blobFile(8, 2, 1000), withBlob(0, 10, 8), blobGarbage(8, 1, 500)]),
        Buffer.concat([deletedFile(0, 10), blobGarbage(8, 1, 500)]),
      ],
      files: ['000009.sst 100', '000007.blob 72'],
    },
    {
      name: 'a blob file older than any that a table points into goes',
      records: [
        Buffer.concat([blobFile(7, 2, 10), withBlob(0, 9, 7)]),
        Buffer.concat([blobFile(8, 1, 1000), withBlob(0, 10, 8), deletedFile(0, 9), blobGarbage(7, 1, 5)]),
      ],
      files: ['000010.sst 100', '000008.blob 1062'],
    },
  ])('$name', ({ records, files }) => {
    expect(tablesOf(...records)).toEqual(files);
  });

  it.each([0, 6, 20])('refuses a file in which nothing is whole, of %d bytes', (end) => {
    expect(() => read(writeLogRecords([newFile4(0, 1, 10)]).subarray(0, end))).toThrow(damaged);
  });

  it.each<{ name: string; record: Buffer }>([
    { name: 'an unknown tag', record: encodeFields(11, 1) },
    { name: 'a blob file with a field that must be understood', record: encodeFields(400, 1, 2, 3, 0, 0, 64, 0, 0) },
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
