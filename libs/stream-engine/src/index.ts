export { boundHeapGrowth } from './bound-heap-growth.ts';
export { type LastCheckpoint } from './checkpoint-job.ts';
export { type DrillResult, type EngineEvent, type FoldCounts, type Observe, type OpenedFrom } from './engine-event.ts';
export { defaultLimits, type EngineLimits } from './engine-limits.ts';
export { type StandbyOptions, type StoredStates, type StreamEngineOptions } from './engine-options.ts';
export { type EnginePorts, type PartitionSource, type StateFiles, type TickSink } from './engine-ports.ts';
export { type DrillReport, type DrillRequest } from './fire-drill.ts';
export { keepRecordsYoung } from './keep-records-young.ts';
export { partitionDirs } from './open-partition.ts';
export { type OpeningPhase, type OpeningTimes } from './opening-phases.ts';
export { type RefoldProgress, type RestoringProgress } from './opening-progress.ts';
export {
  type AsOf,
  type PartitionPhase,
  type PartitionSnapshot,
  type PartitionStatus,
  type StandbyStatus,
} from './partition-status.ts';
export { type StateIndex } from './state-index.ts';
export { toStateText } from './state-value.ts';
export { createStreamEngine, type StreamEngine, type ReadAfter } from './stream-engine.ts';
