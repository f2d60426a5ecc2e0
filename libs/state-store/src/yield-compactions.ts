import { readdir, readFile } from 'node:fs/promises';
import { getPriority, setPriority } from 'node:os';
import { join } from 'node:path';
import { type Log, toMessage } from '@fleetstream/kernel';
import { hasErrorCode } from './has-error-code.ts';

/** A tenth of the weight of what folds: under load that is when a compaction runs, and a tenth is far more than it needs. */
const compactionNiceness = 10;
const compactionThread = 'rocksdb:low';
/** Linux names a process's threads here, and takes their ids for those of processes. */
const threadsDir = '/proc/self/task';

/**
 * Lets RocksDB's compactions wait for whatever else wants a processor. The first checkpoint after some has flushed what
 * begins a compaction, and batches would share the cores with it. Its threads are the process's, and there once a
 * database is open; elsewhere than on Linux nothing is changed. Never rejects.
 */
export async function yieldCompactions(log: Log): Promise<void> {
  try {
    for (const thread of await readdir(threadsDir)) {
      const name = await readFile(join(threadsDir, thread, 'comm'), 'utf8').catch(() => '');
      if (name.trimEnd() !== compactionThread || getPriority(Number(thread)) >= compactionNiceness) continue;
      setPriority(Number(thread), compactionNiceness);
    }
  } catch (thrown) {
    if (!hasErrorCode(thrown, 'ENOENT')) log.warn({ reason: toMessage(thrown) }, 'compactions keep their priority');
  }
}
