export { createLog, type LogOptions } from './create-log.ts';
export { createMetrics, latencyBucketsSeconds, type MetricDescription, type Metrics } from './metrics.ts';
