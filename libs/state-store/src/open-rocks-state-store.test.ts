import { silentLog } from '@fleetstream/kernel';
import { describeStateStoreContract } from '@fleetstream/testing';
import { openRocksStateStore } from './open-rocks-state-store.ts';
import { readAppliedPosition } from './read-applied-position.ts';

const memtableBytes = 1024 * 1024;

describeStateStoreContract('RocksDB', {
  open: (options) => openRocksStateStore({ ...options, memtableBytes, log: silentLog }),
  readPosition: readAppliedPosition,
});
