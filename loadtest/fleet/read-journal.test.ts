import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JournalEntry } from './journal-entry.ts';
import { openJournal } from './journal-writer.ts';
import { readJournal } from './read-journal.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'journal-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

const entry: JournalEntry = {
  robotId: 'r',
  id: '1',
  type: 'robot.state.v1',
  result: 'accepted',
  sends: 1,
  sha256: 'ab',
};

async function read(name: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of readJournal(join(folder, name))) ids.push(id);
  return ids;
}

describe('a journal', () => {
  it('is read as it was written', async () => {
    const journal = await openJournal(join(folder, 'sub', 'whole'), () => undefined);
    for (let index = 0; index < 1000; index++) journal.write({ ...entry, id: String(index) });
    await journal.close();
    expect(await read(join('sub', 'whole'))).toEqual(Array.from({ length: 1000 }, (_, index) => String(index)));
  });

  it('ends at a last line that was cut off', async () => {
    await writeFile(join(folder, 'cut'), `${JSON.stringify(entry)}\n${JSON.stringify(entry).slice(0, 20)}`);
    expect(await read('cut')).toEqual(['1']);
  });

  it('is refused when a line in its middle is broken', async () => {
    await writeFile(join(folder, 'broken'), `{"id"\n${JSON.stringify(entry)}\n`);
    await expect(read('broken')).rejects.toThrow(/broken:1: not a journal line/);
  });

  it('may be empty', async () => {
    await writeFile(join(folder, 'empty'), '');
    expect(await read('empty')).toEqual([]);
  });
});
