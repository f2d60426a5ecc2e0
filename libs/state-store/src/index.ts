export * from './port.ts';
export * from './checkpoints/port.ts';
export { checkpointPrefixOf } from './checkpoints/checkpoint-keys.ts';
export { createCheckpointStore, type CheckpointStoreOptions } from './checkpoints/create-checkpoint-store.ts';
export { destroyStateDir, stateDirExists } from './state-dir.ts';
export { openRocksStateStore, type RocksStateStoreOptions } from './open-rocks-state-store.ts';
export { isDiskFull } from './state-error.ts';
export { createRocksMemory, type RocksMemory, type RocksMemoryFigures } from './rocks-memory.ts';
export { readAppliedPosition } from './read-applied-position.ts';
