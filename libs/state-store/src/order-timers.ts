import { type Log } from '@fleetstream/kernel';
import type RocksDB from 'rocksdb-native';
import { type AppliedPosition } from './port.ts';
import { readInLots } from './read-in-lots.ts';
import { appliedKey, decodeOldDueMs, encodeApplied, keyOf, KeyWriter, oldTimerRange } from './state-keys.ts';

const timersPerBatch = 10_000;
const entriesPerRead = 256;
const nothing = Buffer.alloc(0);

/**
 * Takes a state of format 1 to format 2, where timers lie in the order of their due times. The old ones go, all at once,
 * with the batch that names the new format: cut off before that, it begins again, and an older release finds what it
 * wrote.
 */
export async function orderTimers(db: RocksDB, position: AppliedPosition, log: Log): Promise<void> {
  const iterator = db.iterator(oldTimerRange, { capacity: entriesPerRead });
  let timers = 0;
  let batch = db.write({ capacity: timersPerBatch, autoDestroy: true });
  let keys = new KeyWriter();
  for await (const lot of readInLots(iterator)) {
    for (const { key, value } of lot) {
      batch.tryPut(keys.writeTimer({ key: keyOf(key), dueMs: decodeOldDueMs(value) }), nothing);
      timers += 1;
      if (timers % timersPerBatch !== 0) continue;
      await batch.flush();
      batch = db.write({ capacity: timersPerBatch, autoDestroy: true });
      keys = new KeyWriter();
    }
  }
  batch.tryDeleteRange(oldTimerRange.gte, oldTimerRange.lt);
  batch.tryPut(appliedKey, encodeApplied(position));
  await batch.flush();
  log.info({ ...position, timers }, 'the timers of a state were put in the order of their due times');
}
