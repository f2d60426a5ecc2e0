import { listServiceMetrics } from '../docs/list-service-metrics.ts';

/** Metric name, with the suffixes a histogram has, to its labels. */
export type KnownMetrics = ReadonlyMap<string, ReadonlySet<string>>;

const histogramSuffixes = ['_bucket', '_sum', '_count'];

/** What Prometheus finds at the services, as they make it themselves. */
export function listKnownMetrics(): KnownMetrics {
  const known = new Map<string, ReadonlySet<string>>();
  for (const { name, type, labels } of [...listServiceMetrics().values()].flat()) {
    if (type !== 'histogram') known.set(name, new Set(labels));
    else for (const suffix of histogramSuffixes) known.set(name + suffix, new Set([...labels, 'le']));
  }
  return known;
}
