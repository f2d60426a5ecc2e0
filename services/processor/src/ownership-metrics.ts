import { type EngineEvent, type StandbyStatus } from '@fleetstream/stream-engine';
import { latencyBucketsSeconds, type Metrics } from '@fleetstream/telemetry';

export type OwnershipKind = 'tookOver' | 'cutOff' | 'standbyFolded' | 'standbyWarm' | 'standbyFailed';

/** What there is to count about who has which partition. */
export interface OwnershipMetrics {
  readonly observers: { readonly [Each in OwnershipKind]: (event: Extract<EngineEvent, { kind: Each }>) => void };
  watchStandbys(standbys: () => readonly StandbyStatus[]): void;
  /** Partitions were given out anew; the numbers say how many came and went here. */
  onAssigned(gained: number, lost: number): void;
  /** Another instance was found gone, and the group told. */
  onMemberGone(): void;
}

export function createOwnershipMetrics(registry: Metrics): OwnershipMetrics {
  const takeover = registry.histogram(
    'takeover_seconds',
    'From the assignment of a partition to the first record folded that no owner before had committed.',
    latencyBucketsSeconds,
    ['from'],
  );
  const assignments = registry.counter('assignments_total', 'Times the group shared out its partitions.');
  const moved = registry.counter('partitions_moved_total', 'Partitions that came or went by it.', ['direction']);
  const gone = registry.counter('members_found_gone_total', 'Instances whose end this one told the group.');
  const cutOff = registry.counter('partitions_cut_off_total', 'Partitions that did not close in time.');
  const standbyRecords = registry.counter('standby_records_total', 'Records folded into copies.');
  const standbysWarm = registry.counter('standbys_warmed_total', 'Copies that came up to their owner.');
  const standbyFailures = registry.counter('standby_failures_total', 'Times a copy was opened again.', ['code']);
  return {
    observers: {
      tookOver: ({ openedFrom, durationMs }) => {
        takeover.labels(openedFrom).observe(durationMs / 1000);
      },
      cutOff: () => {
        cutOff.inc();
      },
      standbyFolded: ({ records }) => {
        standbyRecords.inc(records);
      },
      standbyWarm: () => {
        standbysWarm.inc();
      },
      standbyFailed: ({ code }) => {
        standbyFailures.labels(code).inc();
      },
    },
    watchStandbys: (standbys) => {
      const lag = registry.gauge(
        'standby_lag_records',
        'Committed records that a copy does not have yet.',
        ['partition'],
        () => {
          lag.reset();
          for (const status of standbys()) lag.labels(String(status.partition)).set(status.lag);
        },
      );
    },
    onAssigned: (gained, lost) => {
      assignments.inc();
      moved.labels('gained').inc(gained);
      moved.labels('lost').inc(lost);
    },
    onMemberGone: () => {
      gone.inc();
    },
  };
}
