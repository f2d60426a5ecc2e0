import { type EngineEvent } from '@fleetstream/stream-engine';
import { createMetrics, latencyBucketsSeconds } from '@fleetstream/telemetry';

export interface RunTotals {
  readonly events: number;
  readonly commits: number;
  readonly stateBatches: number;
  readonly statesWritten: number;
  readonly checkpoints: number;
  readonly commitMs: readonly number[];
  readonly cacheHitRate: number;
}

/** Counts as the processor does, into a registry of the same kind, so that a run pays for its metrics. */
export function createRunMetrics(): { observe: (event: EngineEvent) => void; totals: () => RunTotals } {
  const registry = createMetrics('processor');
  const records = registry.counter('records_total', 'Records read.');
  const lookups = registry.counter('state_lookups_total', 'States needed, by where they were.', ['found']);
  const outputs = registry.counter('outputs_total', 'Records written to output topics.');
  const commitSeconds = registry.histogram('commit_seconds', 'One transaction.', latencyBucketsSeconds);
  const latency = registry.histogram('append_to_commit_seconds', 'Append to commit.', latencyBucketsSeconds);
  const storeSeconds = registry.histogram('state_write_seconds', 'One batch of states.', latencyBucketsSeconds);
  const totals = { events: 0, commits: 0, stateBatches: 0, statesWritten: 0, checkpoints: 0 };
  const found = { hits: 0, misses: 0 };
  const commitMs: number[] = [];
  return {
    observe: (event) => {
      if (event.kind === 'folded') {
        totals.events += event.records;
        found.hits += event.cacheHits;
        found.misses += event.cacheMisses;
        records.inc(event.records);
        lookups.labels('memory').inc(event.cacheHits);
        lookups.labels('disk').inc(event.cacheMisses);
      } else if (event.kind === 'committed') {
        totals.commits += 1;
        commitMs.push(event.durationMs);
        outputs.inc(event.outputs);
        commitSeconds.observe(event.durationMs / 1000);
        latency.observe(event.latencyMs / 1000);
      } else if (event.kind === 'stateWritten') {
        totals.stateBatches += 1;
        totals.statesWritten += event.states;
        storeSeconds.observe(event.durationMs / 1000);
      } else if (event.kind === 'checkpointed') totals.checkpoints += 1;
    },
    totals: () => ({ ...totals, commitMs, cacheHitRate: found.hits / Math.max(1, found.hits + found.misses) }),
  };
}
