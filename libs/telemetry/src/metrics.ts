import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** One process's metrics: `fleetstream_<service>_<name>_<unit>[_total]`, labels from closed unions. */
export interface Metrics {
  counter<Label extends string = never>(name: string, help: string, labels?: readonly Label[]): Counter<Label>;
  gauge<Label extends string = never>(
    name: string,
    help: string,
    labels?: readonly Label[],
    collect?: () => void,
  ): Gauge<Label>;
  histogram<Label extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labels?: readonly Label[],
  ): Histogram<Label>;
  /** The Prometheus text exposition. */
  expose(): Promise<{ readonly contentType: string; readonly body: string }>;
  stop(): void;
}

/** `service` becomes part of every name: `createMetrics('webhook').counter('events_total', …)`. */
export function createMetrics(service: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const prefix = `fleetstream_${service}_`;
  return {
    counter: (name, help, labels = []) =>
      new Counter({ name: prefix + name, help, labelNames: labels, registers: [registry] }),
    gauge: (name, help, labels = [], collect = () => undefined) =>
      new Gauge({ name: prefix + name, help, labelNames: labels, registers: [registry], collect }),
    histogram: (name, help, buckets, labels = []) =>
      new Histogram({ name: prefix + name, help, buckets: [...buckets], labelNames: labels, registers: [registry] }),
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
