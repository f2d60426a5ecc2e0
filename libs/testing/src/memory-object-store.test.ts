import { createMemoryObjectStore } from './memory-object-store.ts';
import { describeObjectStoreContract } from './object-store-contract.ts';

describeObjectStoreContract('the object store in memory', () => createMemoryObjectStore());
