import { readFileSync } from 'node:fs';

export interface RestoreCounts {
  /** The local RocksDB was intact. */
  readonly local: number;
  /** The newest usable checkpoint. */
  readonly checkpoint: number;
  /** The log from its start. */
  readonly log: number;
}

/** How often partitions were opened, and from what, as the processors' logs say. */
export function countRestores(logTexts: Iterable<string>): RestoreCounts {
  const counts = { local: 0, checkpoint: 0, log: 0 };
  for (const text of logTexts) {
    for (const line of text.split('\n')) {
      if (!line.includes('"partition opened"')) continue;
      const openedFrom = parseOpenedFrom(line);
      if (openedFrom !== undefined) counts[openedFrom] += 1;
    }
  }
  return counts;
}

/** The same, of log files; one that isn't there counts nothing. */
export function countRestoresIn(files: readonly string[]): RestoreCounts {
  return countRestores(
    files.map((file) => {
      try {
        return readFileSync(file, 'utf8');
      } catch {
        return '';
      }
    }),
  );
}

function parseOpenedFrom(line: string): keyof RestoreCounts | undefined {
  try {
    const { openedFrom } = JSON.parse(line) as { openedFrom?: unknown };
    return openedFrom === 'local' || openedFrom === 'checkpoint' || openedFrom === 'log' ? openedFrom : undefined;
  } catch {
    // The last line before a kill may be cut off.
    return undefined;
  }
}
