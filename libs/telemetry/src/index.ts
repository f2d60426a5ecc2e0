export { createLog, type LogOptions } from './create-log.ts';
export { createMetrics, latencyBucketsSeconds, type Metrics } from './metrics.ts';
