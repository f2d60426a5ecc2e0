import { type BreakerState, type CacheFailure } from '@fleetstream/cache';
import { type EventResult } from '@fleetstream/contracts';
import { type ProducedBatch } from '@fleetstream/kafka';
import { type ErrorCode } from '@fleetstream/kernel';
import { type CommandsOutcome } from './adapters/command-service.ts';
import { type EventRank, ranks } from './domain/event-rank.ts';
import { holdCount } from './hold-count.ts';
import { createMetrics, latencyBucketsSeconds, type Metrics } from '@fleetstream/telemetry';

/** What is read from the parts when metrics are asked for. */
export interface MetricSources {
  readonly bytesInFlight: () => number;
  readonly logHealthy: () => boolean;
  readonly logWaitingBytes: () => number;
  readonly breakerState: () => BreakerState;
  /** Since the table of keys was last known to be current, in milliseconds; undefined before the first time. */
  readonly keysAgeMs: () => number | undefined;
  readonly pressureLevel: () => number;
  readonly loopLagMs: () => number;
  readonly reportEveryMs: () => number;
  readonly floodingRobots: () => number;
}

/** The pod's metrics. Every label comes from a closed union. */
export interface WebhookMetrics {
  readonly registry: Metrics;
  onAnswer(status: number, code: ErrorCode | undefined, durationMs: number): void;
  onResults(results: readonly EventResult[]): void;
  /** Of a verified request: our time less that of its signature. */
  onClockOffset(offsetSeconds: number, outOfWindow: boolean): void;
  onSenderGone(): void;
  /** A robot with commands due asked for them in its answer. */
  onCarried(outcome: CommandsOutcome): void;
  /** An event that was turned away to keep others going. */
  onShed(rank: EventRank, code: ErrorCode): void;
  onBatch(batch: ProducedBatch): void;
  onCacheFailure(operation: 'find' | 'mark' | 'lag', reason: CacheFailure): void;
  observe(sources: MetricSources): void;
}

const batchSizes = [1, 2, 5, 10, 20, 50, 100, 200, 500];
const breakerStates = ['closed', 'half-open', 'open'] as const satisfies readonly BreakerState[];

export function createWebhookMetrics(): WebhookMetrics {
  const registry = createMetrics('webhook');
  const series = createSeries(registry);
  // Looked up once: finding a counter by its labels costs more than counting.
  const accepted2xx = series.requests.labels('2xx');
  const acceptedEvents = series.events.labels('accepted', 'none');
  // A series that begins with its first event has no rate for the scrapes before it: the autoscaler would have no figure
  // for an idle pod, and an alert would miss the first failure.
  for (const counter of [accepted2xx, series.requests.labels('5xx'), acceptedEvents]) counter.inc(0);
  const held = {
    accepted2xx: holdCount((by) => {
      accepted2xx.inc(by);
    }),
    acceptedEvents: holdCount((by) => {
      acceptedEvents.inc(by);
    }),
  };
  const expose = () => {
    for (const count of Object.values(held)) count.hand();
    return registry.expose();
  };
  return {
    registry: { ...registry, expose },
    onAnswer: (status, code, durationMs) => {
      if (status === 202) {
        held.accepted2xx.add(1);
        series.ackLatency.observe(durationMs / 1000);
      } else series.requests.labels(`${Math.floor(status / 100)}xx`).inc();
      if (code !== undefined) series.refusals.labels(code).inc();
    },
    onResults: (results) => {
      series.requestEvents.observe(results.length);
      let accepted = 0;
      for (const { result, code } of results) {
        if (result === 'accepted') accepted += 1;
        else series.events.labels(result, code ?? 'none').inc();
      }
      if (accepted > 0) held.acceptedEvents.add(accepted);
    },
    onClockOffset: (offsetSeconds, outOfWindow) => {
      series.clockOffsets.observe(Math.abs(offsetSeconds));
      if (outOfWindow) series.clocks.inc();
    },
    onCarried: (outcome) => {
      series.carried.labels(outcome).inc();
    },
    onShed: (rank, code) => {
      series.shed.labels(ranks[rank], code).inc();
    },
    onSenderGone: () => {
      series.gone.inc();
    },
    onBatch: ({ records, durationMs, outcome }) => {
      series.batchRecords.observe(records);
      series.batchSeconds.labels(outcome).observe(durationMs / 1000);
    },
    onCacheFailure: (operation, reason) => {
      series.cacheFailures.labels(operation, reason).inc();
    },
    observe: (sources) => {
      observeSources(registry, sources);
    },
  };
}

function createSeries(registry: Metrics) {
  return {
    requests: registry.counter('requests_total', 'Requests answered, by class of status.', ['class']),
    refusals: registry.counter('problems_total', 'Requests answered with a problem document, by code.', ['code']),
    events: registry.counter('events_total', 'Events answered, by result and reason.', ['result', 'reason']),
    ackLatency: registry.histogram(
      'ack_latency_seconds',
      'From the arrival of the headers to the 202.',
      latencyBucketsSeconds,
    ),
    clocks: registry.counter('clock_out_of_window_total', 'Signed requests of robots whose clock is off by 5 min.'),
    clockOffsets: registry.histogram(
      'clock_offset_seconds',
      'How far the clock of a signed request was from ours, either way.',
      [1, 5, 30, 60, 300, 3600, 86_400, 31_536_000],
    ),
    gone: registry.counter('senders_gone_total', 'Requests whose sender hung up before the body ended.'),
    carried: registry.counter(
      'command_answers_total',
      'Answers to robots with commands due that asked for them, by what the command service gave.',
      ['outcome'],
    ),
    shed: registry.counter('shed_events_total', 'Events turned away to keep others going, by what they say.', [
      'rank',
      'reason',
    ]),
    requestEvents: registry.histogram('request_events', 'Events in one request.', batchSizes),
    batchRecords: registry.histogram('log_batch_records', 'Records in one produce batch.', batchSizes),
    batchSeconds: registry.histogram(
      'log_batch_seconds',
      'From sending a produce batch to its outcome.',
      latencyBucketsSeconds,
      ['outcome'],
    ),
    cacheFailures: registry.counter('cache_failures_total', 'Calls to Redis that came to nothing.', [
      'operation',
      'reason',
    ]),
  };
}

function observeSources(registry: Metrics, sources: MetricSources): void {
  const bytes = registry.gauge('bytes_in_flight', 'Bytes of requests held.', [], () => {
    bytes.set(sources.bytesInFlight());
  });
  const waiting = registry.gauge('log_waiting_bytes', 'Bytes of records queued for the log or in flight.', [], () => {
    waiting.set(sources.logWaitingBytes());
  });
  const healthy = registry.gauge('log_healthy', '1 while the log acknowledges.', [], () => {
    healthy.set(sources.logHealthy() ? 1 : 0);
  });
  const level = registry.gauge(
    'pressure_level',
    '0: all is taken; 1: no telemetry; 2: no states; 3: urgent only.',
    [],
    () => {
      level.set(sources.pressureLevel());
    },
  );
  const lag = registry.gauge('loop_lag_seconds', 'How late the event loop is, on average of late.', [], () => {
    lag.set(sources.loopLagMs() / 1000);
  });
  const interval = registry.gauge(
    'report_interval_seconds',
    'How often robots are asked to report; 0: no wish.',
    [],
    () => {
      interval.set(sources.reportEveryMs() / 1000);
    },
  );
  const flooding = registry.gauge('flooding_robots', 'Robots that wait for themselves.', [], () => {
    flooding.set(sources.floodingRobots());
  });
  const keysAge = registry.gauge('keys_age_seconds', 'Since rotations and revocations were last current.', [], () => {
    keysAge.set((sources.keysAgeMs() ?? Infinity) / 1000);
  });
  const breaker = registry.gauge(
    'redis_breaker_state',
    '1 at the state of the breaker before Redis.',
    ['state'],
    () => {
      for (const state of breakerStates) breaker.labels(state).set(state === sources.breakerState() ? 1 : 0);
    },
  );
}
