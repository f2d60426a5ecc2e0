import { type CacheFailure } from '@fleetstream/cache';
import { type EngineEvent, type PartitionStatus } from '@fleetstream/stream-engine';
import { createMemoryMetrics, type MemoryMetrics } from './memory-metrics.ts';
import { createRecoveryMetrics } from './recovery-metrics.ts';
import { createOwnershipMetrics, type OwnershipKind, type OwnershipMetrics } from './ownership-metrics.ts';
import { createMetrics, latencyBucketsSeconds, type Metrics } from '@fleetstream/telemetry';
import { type HotKeyWatch } from './watch-hot-keys.ts';
import { type LogClockJump } from './watch-log-clock.ts';

/** The processor's metrics. Labels are partition numbers, codes of the catalogue, and closed unions. */
export interface ProcessorMetrics {
  readonly registry: Metrics;
  readonly ownership: OwnershipMetrics;
  readonly memory: MemoryMetrics;
  observe(event: EngineEvent): void;
  /** Told which partitions are here, and when the process's wall clock says it is. */
  watch(statuses: () => readonly PartitionStatus[], nowMs: () => number): void;
  /** Told which robots have most of the records. Robots are named in `/v1/partitions` and the log, never in a label. */
  watchHotKeys(hotKeys: Pick<HotKeyWatch, 'hottest' | 'partitions'>): void;
  onLogClockJump(direction: LogClockJump): void;
  onRequest(route: RouteName, status: number, durationMs: number): void;
  /** Telling robots what was folded came to nothing, or had no room. */
  onAckFailure(reason: CacheFailure): void;
  onAcksDropped(robots: number): void;
}

export type RouteName = 'robots' | 'robot-page' | 'robot' | 'robot-at' | 'capsule' | 'partitions' | 'other';

export function createProcessorMetrics(): ProcessorMetrics {
  const registry = createMetrics('processor');
  const requests = registry.counter('requests_total', 'Requests of the API answered.', ['route', 'class']);
  const ackFailures = registry.counter('ack_failures_total', 'Calls to Redis that came to nothing.', ['reason']);
  const acksDropped = registry.counter('acks_dropped_total', "Robots' reports that had no room to wait for Redis.");
  const requestSeconds = registry.histogram(
    'request_seconds',
    'From a request of the API to the end of its answer.',
    latencyBucketsSeconds,
    ['route'],
  );
  const logClockJumps = registry.counter('log_clock_jumps_total', 'Times the clock of the log ran back or far ahead.', [
    'direction',
  ]);
  const counters = createCounters(registry);
  const ownership = createOwnershipMetrics(registry);
  const recovery = createRecoveryMetrics(registry);
  const memory = createMemoryMetrics(registry);
  const observers = {
    ...{ ...observeFolding(counters), ...observeKeeping(counters) },
    ...{ ...ownership.observers, ...recovery.observers },
  };
  return {
    registry,
    ownership,
    memory,
    observe: (event) => {
      // Each observer takes the events of its own kind; the union of kinds and the keys are the same by type.
      (observers[event.kind] as (event: EngineEvent) => void)(event);
    },
    watch: (statuses, nowMs) => {
      watchPartitions(registry, statuses, nowMs);
      recovery.watch(statuses, nowMs);
    },
    onAckFailure: (reason) => {
      ackFailures.labels(reason).inc();
    },
    onAcksDropped: (robots) => {
      acksDropped.inc(robots);
    },
    watchHotKeys: (hotKeys) => {
      watchHotKeys(registry, hotKeys);
    },
    onLogClockJump: (direction) => {
      logClockJumps.labels(direction).inc();
    },
    onRequest: (route, status, durationMs) => {
      requestSeconds.labels(route).observe(durationMs / 1000);
      requests.labels(route, `${Math.floor(status / 100)}xx`).inc();
    },
  };
}

type Observers<Kind extends EngineEvent['kind']> = {
  readonly [Each in Kind]: (event: Extract<EngineEvent, { kind: Each }>) => void;
};

type Counters = ReturnType<typeof createCounters>;

const sizeBuckets = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000];

function createCounters(registry: Metrics) {
  return {
    batchRecords: registry.histogram('batch_records', 'Records folded at once.', sizeBuckets),
    transactionOutputs: registry.histogram('transaction_outputs', 'Records written by one transaction.', sizeBuckets),
    records: registry.counter('records_total', 'Records read of the log, ticks included.'),
    ticksRead: registry.counter('ticks_read_total', 'Tick records among them.'),
    deadLetters: registry.counter('dead_letters_total', 'Records and timers that could not be folded, by step.', [
      'step',
    ]),
    timers: registry.counter('timers_fired_total', 'Timers that fired.'),
    suppressed: registry.counter('suppressed_outputs_total', 'Outputs of refolded records, which were there already.'),
    lookups: registry.counter('state_lookups_total', 'States needed, by where they were.', ['found']),
    outputs: registry.counter('outputs_total', 'Records written to output topics, dead letters included.'),
    commitSeconds: registry.histogram('commit_seconds', 'One transaction.', latencyBucketsSeconds),
    latency: registry.histogram(
      'append_to_commit_seconds',
      'From the append of the oldest record of a transaction to its commit.',
      latencyBucketsSeconds,
    ),
    storeSeconds: registry.histogram('state_write_seconds', 'One batch of changed states.', latencyBucketsSeconds),
    statesWritten: registry.counter('states_written_total', 'States written to the local store.'),
    stalls: registry.counter('partition_stalls_total', 'Times a partition folded nothing because the disk was full.'),
    stalledSeconds: registry.counter('partition_stalled_seconds_total', 'How long that took, once there was room.'),
    storeFailures: registry.counter('state_write_failures_total', 'Batches that the local store refused.', ['code']),
    checkpointSeconds: registry.histogram('checkpoint_seconds', 'Copy and upload.', latencyBucketsSeconds),
    checkpointBytes: registry.counter('checkpoint_uploaded_bytes_total', 'Bytes uploaded for checkpoints.'),
    checkpointFailures: registry.counter('checkpoint_failures_total', 'Checkpoints that were not made.', ['code']),
    checkpointSkips: registry.counter('checkpoints_skipped_total', 'Checkpoints passed over by a restore.', ['reason']),
    opened: registry.counter('partitions_opened_total', 'Openings, by what they began from.', ['from']),
    openSeconds: registry.histogram('open_seconds', 'From fencing to the first fetch.', latencyBucketsSeconds),
    refolded: registry.counter('refold_records_total', 'Records that openings had to fold a second time.'),
    discarded: registry.counter('local_states_discarded_total', 'Local states that were no use.', ['reason']),
    ticks: registry.counter('ticks_appended_total', 'Ticks for idle partitions, by outcome.', ['outcome']),
    failures: registry.counter('partition_failures_total', 'Times a partition had to be opened again.', ['code']),
  };
}

function observeFolding(counters: Counters): Observers<'folded' | 'committed' | 'ticked' | 'notTicked' | 'failed'> {
  return {
    folded: (event) => {
      counters.batchRecords.observe(event.records);
      counters.records.inc(event.records);
      counters.ticksRead.inc(event.ticks);
      if (event.undecodable > 0) counters.deadLetters.labels('decode').inc(event.undecodable);
      if (event.foldFailures > 0) counters.deadLetters.labels('fold').inc(event.foldFailures);
      if (event.timerFailures > 0) counters.deadLetters.labels('timer').inc(event.timerFailures);
      counters.timers.inc(event.timersFired);
      counters.suppressed.inc(event.suppressedOutputs);
      counters.lookups.labels('memory').inc(event.cacheHits);
      counters.lookups.labels('disk').inc(event.cacheMisses);
    },
    committed: (event) => {
      counters.transactionOutputs.observe(event.outputs);
      counters.outputs.inc(event.outputs);
      counters.commitSeconds.observe(event.durationMs / 1000);
      counters.latency.observe(event.latencyMs / 1000);
    },
    ticked: () => {
      counters.ticks.labels('appended').inc();
    },
    notTicked: () => {
      counters.ticks.labels('failed').inc();
    },
    failed: ({ code }) => {
      counters.failures.labels(code).inc();
    },
  };
}

type KeepingKind = Exclude<
  EngineEvent['kind'],
  OwnershipKind | 'restored' | 'drilled' | 'folded' | 'committed' | 'ticked' | 'notTicked' | 'failed'
>;

function observeKeeping(counters: Counters): Observers<KeepingKind> {
  return {
    opened: ({ openedFrom, durationMs, refoldRecords }) => {
      counters.opened.labels(openedFrom).inc();
      counters.openSeconds.observe(durationMs / 1000);
      counters.refolded.inc(refoldRecords);
    },
    localStateDiscarded: ({ reason }) => {
      counters.discarded.labels(reason).inc();
    },
    checkpointSkipped: ({ reason }) => {
      counters.checkpointSkips.labels(reason).inc();
    },
    stateWritten: ({ states, durationMs }) => {
      counters.statesWritten.inc(states);
      counters.storeSeconds.observe(durationMs / 1000);
    },
    stalled: () => {
      counters.stalls.inc();
    },
    resumed: ({ durationMs }) => {
      counters.stalledSeconds.inc(durationMs / 1000);
    },
    stateNotWritten: ({ code }) => {
      counters.storeFailures.labels(code).inc();
    },
    checkpointed: ({ uploadedBytes, durationMs }) => {
      counters.checkpointBytes.inc(uploadedBytes);
      counters.checkpointSeconds.observe(durationMs / 1000);
    },
    notCheckpointed: ({ code }) => {
      counters.checkpointFailures.labels(code).inc();
    },
  };
}

function watchHotKeys(registry: Metrics, hotKeys: Pick<HotKeyWatch, 'hottest' | 'partitions'>): void {
  const share = registry.gauge(
    'hottest_robot_share_ratio',
    "The busiest robot's share of its partition's records lately; /v1/partitions names it.",
    ['partition'],
    () => {
      share.reset();
      for (const partition of hotKeys.partitions()) {
        share.labels(String(partition)).set(hotKeys.hottest(partition)[0]?.share ?? 0);
      }
    },
  );
}

function watchPartitions(registry: Metrics, statuses: () => readonly PartitionStatus[], nowMs: () => number): void {
  const lag = registry.gauge('lag_records', 'Records of the log that are not committed yet.', ['partition'], () => {
    lag.reset();
    for (const status of statuses()) lag.labels(String(status.partition)).set(status.lag);
  });
  const age = registry.gauge(
    'checkpoint_age_seconds',
    'Since the last checkpoint that this process made of a partition.',
    ['partition'],
    () => {
      age.reset();
      for (const { partition, lastCheckpoint } of statuses()) {
        if (lastCheckpoint === undefined) continue;
        age.labels(String(partition)).set((nowMs() - lastCheckpoint.atMs) / 1000);
      }
    },
  );
  const owned = registry.gauge('partitions', 'Partitions here, by phase.', ['phase'], () => {
    owned.reset();
    for (const { phase } of statuses()) owned.labels(phase).inc();
  });
}
