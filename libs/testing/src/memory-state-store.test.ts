import { openMemoryStateStore, readMemoryPosition } from './memory-state-store.ts';
import { describeStateStoreContract } from './state-store-contract.ts';

describeStateStoreContract('the state store in memory', {
  open: openMemoryStateStore,
  readPosition: readMemoryPosition,
});
