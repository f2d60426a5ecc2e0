import { readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { type Log, toMessage } from '@fleetstream/kernel';
import { hasErrorCode } from './has-error-code.ts';

const bytesMax = 1024 * 1024;
/** Linux counts a file's blocks in these, whatever the file system's own are. */
const blockBytes = 512;

/**
 * Bounds what RocksDB tells of itself: its file LOG grows by some kilobytes with each flush, for as long as the state is
 * open, and those of up to a thousand openings before stay beside it; the binding has no option for either. A LOG that
 * is cut goes on where it was, so that `ls` shows its old size and the disk holds what came since. Never rejects.
 */
export async function trimInfoLog(dir: string, log: Log): Promise<void> {
  try {
    const olds = (await readdir(dir)).filter((name) => name.startsWith('LOG.old.'));
    await Promise.all(olds.map((name) => rm(join(dir, name), { force: true })));
    const file = join(dir, 'LOG');
    if ((await stat(file)).blocks * blockBytes > bytesMax) await truncate(file);
  } catch (thrown) {
    if (!hasErrorCode(thrown, 'ENOENT')) log.warn({ dir, reason: toMessage(thrown) }, "RocksDB's LOG was not trimmed");
  }
}
