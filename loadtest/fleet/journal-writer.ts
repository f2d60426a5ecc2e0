import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type JournalEntry } from './journal-entry.ts';

/** Where robots write what they know to be acknowledged. */
export interface JournalWriter {
  write(entry: JournalEntry): void;
  /** Writes what waits, makes it durable and closes. */
  close(): Promise<void>;
}

const flushAfterMs = 200;
/** A disk that can't follow must end the run, not eat the memory. */
const waitingBytesMax = 64 * 1024 * 1024;

/**
 * Appends JSON lines, a few times a second.
 *
 * @param onFailure told once when the disk fails: a history with holes proves nothing, so the run should end
 */
export async function openJournal(file: string, onFailure: (thrown: unknown) => void): Promise<JournalWriter> {
  await mkdir(dirname(file), { recursive: true });
  const handle = await open(file, 'w', 0o600);
  let waiting: string[] = [];
  let waitingBytes = 0;
  let writing: Promise<void> = Promise.resolve();
  let failed = false;
  const fail = (thrown: unknown): void => {
    if (!failed) onFailure(thrown);
    failed = true;
  };
  const flush = (): Promise<void> => {
    if (waiting.length === 0 || failed) return writing;
    const text = waiting.join('');
    waiting = [];
    writing = writing.then(async () => {
      await handle.appendFile(text);
      waitingBytes -= text.length;
    });
    writing.catch(fail);
    return writing;
  };
  const timer = setInterval(() => void flush(), flushAfterMs);
  return {
    write: (entry) => {
      const line = `${JSON.stringify(entry)}\n`;
      waiting.push(line);
      waitingBytes += line.length;
      if (waitingBytes > waitingBytesMax) fail(new Error(`the disk of ${file} can't follow the journal`));
    },
    close: async () => {
      clearInterval(timer);
      try {
        await flush();
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
  };
}

/** For runs that nobody checks afterwards. */
export const noJournal: JournalWriter = { write: () => undefined, close: () => Promise.resolve() };
