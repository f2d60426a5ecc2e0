export { type CommandsDueBoard, createCommandsDueBoard, type RobotDue } from './commands-due-board.ts';
export {
  createFoldProgressBoard,
  type FoldProgressBoard,
  type PartitionLag,
  type RobotProgress,
} from './fold-progress-board.ts';
export {
  createIngestMemory,
  type EventKey,
  type IngestMemory,
  type IngestRank,
  type IngestQuestion,
  type IngestRecall,
  type TokenBucket,
} from './ingest-memory.ts';
export { type Claim, createKeyValueCache, type KeyValueCache, type KeyValueCacheOptions } from './key-value-cache.ts';
export {
  createSharedTable,
  openSharedTable,
  type SharedTable,
  type SharedTableOptions,
  type SharedTableWriter,
} from './shared-table.ts';
export { createRateLimit, type RateLimit, type RateLimitOptions } from './rate-limit.ts';
export { type BreakerState, type CacheFailure } from './redis-connection.ts';
