import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { type JournalEntry } from './journal-entry.ts';

/**
 * Reads a fleet's journal line by line, in the order of the answers. A last line that was cut off by a kill is left
 * out; a broken line elsewhere is an error, because then the history isn't known.
 *
 * @throws SyntaxError naming the line
 */
export async function* readJournal(file: string): AsyncGenerator<JournalEntry> {
  let held: { readonly text: string; readonly number: number } | undefined;
  let number = 0;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (held !== undefined) yield parseEntry(held, file);
    number += 1;
    held = { text, number };
  }
  if (held === undefined || held.text === '') return;
  let last: JournalEntry;
  try {
    last = parseEntry(held, file);
  } catch {
    // Cut off: the fleet was killed while it wrote, and whoever counts sees the event missing.
    return;
  }
  yield last;
}

function parseEntry(line: { readonly text: string; readonly number: number }, file: string): JournalEntry {
  try {
    return JSON.parse(line.text) as JournalEntry;
  } catch (thrown) {
    throw new SyntaxError(`${file}:${line.number}: not a journal line`, { cause: thrown });
  }
}
