import RocksDB from 'rocksdb-native';
import { type AppliedPosition } from './port.ts';
import { toOpenError } from './state-error.ts';
import { appliedKey, decodeApplied } from './state-keys.ts';

/**
 * Where a finished copy stands, read out of the copy itself. Opens it read-only, about a millisecond.
 *
 * @throws AppError `FS_STATE_DAMAGED` when it doesn't open, `FS_STATE_TOO_NEW` for the format of a later release.
 */
export async function readAppliedPosition(dir: string): Promise<AppliedPosition> {
  const db = new RocksDB(dir, { readOnly: true, createIfMissing: false, skipStatsUpdateOnOpen: true });
  try {
    await db.ready();
  } catch (thrown) {
    throw toOpenError(thrown, dir);
  }
  try {
    return decodeApplied(await db.get(appliedKey), dir);
  } catch (thrown) {
    throw toOpenError(thrown, dir);
  } finally {
    await db.close();
  }
}
