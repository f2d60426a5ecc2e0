import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { createPlainHistogram } from './plain-histogram.ts';

/** What a metric is, for documents and checks. */
export interface MetricDescription {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
}

/** One process's metrics: `fleetstream_<service>_<name>_<unit>[_total]`, labels from closed unions. */
export interface Metrics {
  counter<Label extends string = never>(name: string, help: string, labels?: readonly Label[]): Counter<Label>;
  gauge<Label extends string = never>(
    name: string,
    help: string,
    labels?: readonly Label[],
    collect?: () => void | Promise<void>,
  ): Gauge<Label>;
  histogram<Label extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labels?: readonly Label[],
  ): Histogram<Label>;
  /** The Prometheus text exposition. */
  expose(): Promise<{ readonly contentType: string; readonly body: string }>;
  /** Those made here, in the order of their making; not what prom-client tells of the process by itself. */
  describe(): readonly MetricDescription[];
  stop(): void;
}

/** `service` becomes part of every name: `createMetrics('webhook').counter('events_total', …)`. */
export function createMetrics(service: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const described: MetricDescription[] = [];
  const describe = (type: MetricDescription['type'], shortName: string, help: string, labels: readonly string[]) => {
    const name = `fleetstream_${service}_${shortName}`;
    described.push({ name, type, help, labels });
    return { name, help, registers: [registry] };
  };
  return {
    counter: (name, help, labels = []) =>
      new Counter({ ...describe('counter', name, help, labels), labelNames: labels }),
    gauge: (name, help, labels = [], collect = () => undefined) =>
      new Gauge({ ...describe('gauge', name, help, labels), labelNames: labels, collect }),
    histogram: (name, help, buckets, labels = []) => {
      const configuration = { ...describe('histogram', name, help, labels), buckets: [...buckets] };
      return labels.length === 0
        ? createPlainHistogram(configuration)
        : new Histogram({ ...configuration, labelNames: labels });
    },
    describe: () => described,
    expose: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
    stop: () => {
      registry.clear();
    },
  };
}

/** Seconds, from a quick cache answer to a broker's time-out. */
export const latencyBucketsSeconds: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];
