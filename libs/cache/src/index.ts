export { createDuplicateCache, type DuplicateCache, type DuplicateCacheOptions } from './duplicate-cache.ts';
export { type Claim, createKeyValueCache, type KeyValueCache, type KeyValueCacheOptions } from './key-value-cache.ts';
export { type BreakerState, type CacheFailure } from './redis-connection.ts';
