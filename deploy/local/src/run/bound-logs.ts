import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const checkEveryMs = 10_000;

/** Empties a log that outgrew its limit; its writer appends, so it goes on at the start. */
export async function boundLogs(
  directory: string,
  sizeBytesMax: number,
  onTruncated: (name: string) => void,
  until: AbortSignal,
): Promise<void> {
  while (!until.aborted) {
    for (const name of readdirSync(directory)) {
      const file = join(directory, name);
      if (statSync(file).size <= sizeBytesMax) continue;
      truncateSync(file);
      onTruncated(name);
    }
    await sleep(checkEveryMs, undefined, { signal: until }).catch(() => undefined);
  }
}
