export { type AcknowledgedEvent } from './oracle/check-acknowledged.ts';
export { type ServedStates, type RunFigures, verifyRun, type VerifyRunOptions } from './oracle/verify-run.ts';
export { createMemoryObjectStore, type MemoryObjectStore } from './memory-object-store.ts';
export { describeObjectStoreContract } from './object-store-contract.ts';
export { describeStateStoreContract, type StateStoreUnderTest } from './state-store-contract.ts';
export { createRandom, discreteSeries, gauss, noisySeries, type Random, type Series } from './synthetic-series.ts';
export { telemetryEvent, telemetryRecord, telemetryStartMs } from './telemetry-record.ts';
export { createWriteModel, findDifferences, type WriteModel, type WriteModelOptions } from './state-write-model.ts';
