export {
  type BreakerState,
  type CacheFailure,
  createDuplicateCache,
  type DuplicateCache,
  type DuplicateCacheOptions,
} from './duplicate-cache.ts';
