import { type ModelMemory } from '@fleetstream/anomaly-model';
import { type InsightSeverity } from '@fleetstream/contracts';
import { type ErrorCode } from '@fleetstream/kernel';
import { createMetrics, latencyBucketsSeconds, type Metrics } from '@fleetstream/telemetry';
import { type BreakerState, breakerStates } from './adapters/model-breaker.ts';

/** What becomes of a record; `rewound` ones only rebuild memory. */
export type RecordOutcome =
  'scored' | 'duplicate' | 'late' | 'nothing-to-score' | 'tick' | 'undecodable' | 'failed' | 'rewound';

export interface InsightsMetrics {
  record(outcome: RecordOutcome, count: number): void;
  verdict(model: string, severity: InsightSeverity): void;
  withheld(count: number): void;
  scored(seconds: number): void;
  committed(): void;
  reopened(code: ErrorCode): void;
  lost(records: number): void;
  readonly registry: Metrics;
}

/** What is asked for when the metrics are read. */
export interface InsightsGauges {
  partitions(): readonly { readonly partition: number; readonly lag: number; readonly memory: ModelMemory }[];
  breakers(): readonly { readonly model: string; readonly state: BreakerState }[];
}

export function createInsightsMetrics(gauges: InsightsGauges): InsightsMetrics {
  const registry = createMetrics('insights');
  const records = registry.counter('records_total', 'Records of fleet.events by what became of them', ['outcome']);
  const verdicts = registry.counter('verdicts_total', 'Verdicts committed to fleet.insights', ['model', 'severity']);
  const withheld = registry.counter('withheld_total', 'Alarms that the budget of false alarms did not let through');
  const scoring = registry.histogram('scoring_seconds', 'Time to judge one batch', latencyBucketsSeconds);
  const commits = registry.counter('commits_total', 'Transactions committed');
  const reopened = registry.counter('reopened_total', 'Partitions opened anew after a failure, by its code', ['code']);
  const lost = registry.counter('lost_records_total', 'Records that the log had dropped before they were judged');
  describeMemory(registry, gauges);
  return {
    registry,
    record: (outcome, count) => {
      records.inc({ outcome }, count);
    },
    verdict: (model, severity) => {
      verdicts.inc({ model, severity });
    },
    withheld: (count) => {
      withheld.inc(count);
    },
    scored: (seconds) => {
      scoring.observe(seconds);
    },
    committed: () => {
      commits.inc();
    },
    reopened: (code) => {
      reopened.inc({ code });
    },
    lost: (count) => {
      lost.inc(count);
    },
  };
}

function describeMemory(registry: Metrics, gauges: InsightsGauges): void {
  const lag = registry.gauge('lag_records', 'Records of a partition that are not committed yet', ['partition'], () => {
    lag.reset();
    for (const { partition, lag: behind } of gauges.partitions()) lag.set({ partition: String(partition) }, behind);
  });
  const sum = (of: (memory: ModelMemory) => number) =>
    gauges.partitions().reduce((total, { memory }) => total + of(memory), 0);
  const robots = registry.gauge('robots', 'Robots that are watched', [], () => {
    robots.set(sum((memory) => memory.robots));
  });
  const series = registry.gauge('series', 'Series that are watched', [], () => {
    series.set(sum((memory) => memory.series));
  });
  const warming = registry.gauge('warming_up_series', 'Series of which nothing is said yet', [], () => {
    warming.set(sum((memory) => memory.warmingUp));
  });
  const breaker = registry.gauge('breaker_state', '1 for the state that a breaker is in', ['model', 'state'], () => {
    for (const { model, state } of gauges.breakers()) {
      for (const one of breakerStates) breaker.set({ model, state: one }, one === state ? 1 : 0);
    }
  });
}
