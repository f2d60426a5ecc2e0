import { type EngineEvent, type PartitionStatus } from '@fleetstream/stream-engine';
import { type Metrics } from '@fleetstream/telemetry';

/** Restores take from a moment to many minutes. */
const restoreBucketsSeconds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];

type Recovery = {
  readonly [Kind in 'restored' | 'drilled']: (event: Extract<EngineEvent, { kind: Kind }>) => void;
};

/** What tells whether partitions could be recovered, and how far one is that is being recovered. */
export interface RecoveryMetrics {
  readonly observers: Recovery;
  watch(statuses: () => readonly PartitionStatus[], nowMs: () => number): void;
}

export function createRecoveryMetrics(registry: Metrics): RecoveryMetrics {
  const seconds = registry.histogram(
    'restore_seconds',
    'A checkpoint downloaded, verified and put in its place, for an opening or at leisure for a fire drill.',
    restoreBucketsSeconds,
    ['for'],
  );
  const bytes = registry.counter('restored_bytes_total', 'Bytes of restored checkpoints.', ['for']);
  const drills = registry.counter('fire_drills_total', 'Fire drills, by what came of them.', ['outcome']);
  const drillSeconds = registry.histogram('fire_drill_seconds', 'A whole fire drill.', restoreBucketsSeconds);
  // Known from the start, so that the first one is an increase for whoever watches.
  for (const outcome of ['verified', 'mismatch', 'damaged', 'failed']) drills.labels(outcome).inc(0);
  const verifiedAtMs = new Map<number, number>();
  let clockMs = (): number => 0;
  return {
    observers: {
      restored: (event) => {
        seconds.labels(event.for).observe(event.durationMs / 1000);
        bytes.labels(event.for).inc(event.sizeBytes);
      },
      drilled: ({ partition, outcome, durationMs }) => {
        drills.labels(outcome).inc();
        drillSeconds.observe(durationMs / 1000);
        if (outcome === 'verified') verifiedAtMs.set(partition, clockMs());
      },
    },
    watch: (statuses, nowMs) => {
      clockMs = nowMs;
      const age = registry.gauge(
        'checkpoint_verified_age_seconds',
        'Since a fire drill last gave the live state of a partition again; since its opening here before the first.',
        ['partition'],
        () => {
          age.reset();
          const here = new Set(statuses().map(({ partition }) => partition));
          for (const partition of verifiedAtMs.keys()) if (!here.has(partition)) verifiedAtMs.delete(partition);
          for (const partition of here) {
            const atMs = verifiedAtMs.get(partition) ?? nowMs();
            verifiedAtMs.set(partition, atMs);
            age.labels(String(partition)).set((nowMs() - atMs) / 1000);
          }
        },
      );
      watchProgress(registry, statuses);
    },
  };
}

function watchProgress(registry: Metrics, statuses: () => readonly PartitionStatus[]): void {
  const bytesLeft = registry.gauge(
    'restore_remaining_bytes',
    'Of the checkpoint that a partition is being restored from.',
    ['partition'],
    () => {
      bytesLeft.reset();
      for (const { partition, restore } of statuses()) {
        if (restore !== undefined) bytesLeft.labels(String(partition)).set(restore.totalBytes - restore.restoredBytes);
      }
    },
  );
  const recordsLeft = registry.gauge(
    'refold_remaining_records',
    'Records that were committed before and are still to be folded again.',
    ['partition'],
    () => {
      recordsLeft.reset();
      for (const { partition, refold } of statuses()) {
        if (refold !== undefined) recordsLeft.labels(String(partition)).set(refold.toOffset - refold.at);
      }
    },
  );
}
