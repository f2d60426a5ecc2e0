import { type BreakerState, type CacheFailure } from '@fleetstream/cache';
import { type CommandStatus, type DeliveryData } from '@fleetstream/contracts';
import { type ErrorCode } from '@fleetstream/kernel';
import { createMetrics, latencyBucketsSeconds, type Metrics } from '@fleetstream/telemetry';
import { createPlatformMetrics, type PlatformMetrics } from './adapters/platform-metrics.ts';
import { createRolloutMetrics, type RolloutMetrics } from './adapters/rollout-metrics.ts';

export type RequestOutcome = 'appended' | 'known' | 'conflict' | 'failed';
/** `superseded`: the robot asked again before it was answered; `gone`: it hung up. */
export type PollOutcome = 'commands' | 'empty' | 'superseded' | 'gone' | 'refused';

/** The service's metrics. Every label comes from a closed union. */
export interface CommandsMetrics {
  readonly registry: Metrics;
  requested(outcome: RequestOutcome): void;
  appended(seconds: number): void;
  refused(code: ErrorCode): void;
  polled(outcome: PollOutcome): void;
  pollClockOutOfWindow(): void;
  delivered(channel: DeliveryData['channel'], outcome: DeliveryData['outcome'], commands: number): void;
  deliveryUntold(commands: number): void;
  /** The log granted this instance an attempt, so long after it was asked. */
  granted(seconds: number): void;
  grantReturned(commands: number): void;
  transition(status: CommandStatus): void;
  undecodable(): void;
  cacheFailure(operation: 'get' | 'set' | 'claim' | 'spend' | 'due', reason: CacheFailure): void;
  readonly platform: PlatformMetrics;
  readonly rollouts: RolloutMetrics;
  observe(gauges: CommandsGauges): void;
}

/** What is asked for when the metrics are read. */
export interface CommandsGauges {
  open(): number;
  remembered(): number;
  forgottenOpen(): number;
  pollsWaiting(): number;
  lagRecords(): number;
  openRollouts(): number;
  rolloutLagRecords(): number;
  logHealthy(): boolean;
  /** `undefined` while no list of robots is known. */
  robotListAgeMs(): number | undefined;
  breakers(): readonly { readonly dependency: 'redis' | 'platform'; readonly state: BreakerState }[];
}

const breakerStates = ['closed', 'half-open', 'open'] as const satisfies readonly BreakerState[];

export function createCommandsMetrics(): CommandsMetrics {
  const registry = createMetrics('commands');
  const requests = registry.counter('requests_total', 'Requests for a command, by what became of them', ['outcome']);
  const append = registry.histogram(
    'request_seconds',
    "From a request for a command to the log's acknowledgement",
    latencyBucketsSeconds,
  );
  const problems = registry.counter('problems_total', 'Requests answered with a problem document, by code', ['code']);
  const polls = registry.counter('polls_total', 'Times a robot asked for its commands, by what it got', ['outcome']);
  const clocks = registry.counter('clock_out_of_window_total', 'Polls of robots whose clock is off by 5 min');
  const deliveries = createDeliveryMetrics(registry);
  const transitions = registry.counter('transitions_total', 'Transitions read from fleet.commands', ['status']);
  const undecodable = registry.counter('undecodable_records_total', 'Records of fleet.commands that are no command');
  const cacheFailures = registry.counter('cache_failures_total', 'Calls to Redis that came to nothing', [
    'operation',
    'reason',
  ]);
  return {
    registry,
    platform: createPlatformMetrics(registry),
    rollouts: createRolloutMetrics(registry),
    requested: (outcome) => {
      requests.labels(outcome).inc();
    },
    appended: (seconds) => {
      append.observe(seconds);
    },
    refused: (code) => {
      problems.labels(code).inc();
    },
    polled: (outcome) => {
      polls.labels(outcome).inc();
    },
    pollClockOutOfWindow: () => {
      clocks.inc();
    },
    ...deliveries,
    transition: (status) => {
      transitions.labels(status).inc();
    },
    undecodable: () => {
      undecodable.inc();
    },
    cacheFailure: (operation, reason) => {
      cacheFailures.labels(operation, reason).inc();
    },
    observe: (gauges) => {
      observeGauges(registry, gauges);
    },
  };
}

function createDeliveryMetrics(
  registry: Metrics,
): Pick<CommandsMetrics, 'delivered' | 'deliveryUntold' | 'granted' | 'grantReturned'> {
  const deliveries = registry.counter('deliveries_total', 'Commands handed over, as told to the log', [
    'channel',
    'outcome',
  ]);
  const untold = registry.counter('deliveries_untold_total', 'Results of deliveries that the log did not take');
  const grants = registry.histogram(
    'grant_seconds',
    'From the claim of an attempt to the grant that this instance read',
    latencyBucketsSeconds,
  );
  const returned = registry.counter('grants_returned_total', 'Attempts that were granted and not handed over');
  return {
    delivered: (channel, outcome, commands) => {
      deliveries.labels(channel, outcome).inc(commands);
    },
    deliveryUntold: (commands) => {
      untold.inc(commands);
    },
    granted: (seconds) => {
      grants.observe(seconds);
    },
    grantReturned: (commands) => {
      returned.inc(commands);
    },
  };
}

function observeGauges(registry: Metrics, gauges: CommandsGauges): void {
  const plain = (name: string, help: string, read: () => number) => {
    const gauge = registry.gauge(name, help, [], () => {
      gauge.set(read());
    });
  };
  plain('open_commands', 'Commands that have not ended', () => gauges.open());
  plain('remembered_commands', 'Commands that have ended and are still known here', () => gauges.remembered());
  plain('forgotten_open_commands', 'Open commands beyond the limit, not delivered here', () => gauges.forgottenOpen());
  plain('polls_waiting', 'Robots that wait for commands', () => gauges.pollsWaiting());
  plain('lag_records', 'Records of fleet.commands that are not read yet', () => gauges.lagRecords());
  plain('open_rollouts', 'Rollouts that have not ended', () => gauges.openRollouts());
  plain('rollout_lag_records', 'Records of rollouts, alerts and states that are not read yet', () => {
    return gauges.rolloutLagRecords();
  });
  plain('log_healthy', '1 while the log acknowledges', () => (gauges.logHealthy() ? 1 : 0));
  plain('robot_list_age_seconds', 'Age of the list of robots; NaN while none is known', () => {
    return (gauges.robotListAgeMs() ?? Number.NaN) / 1000;
  });
  const breaker = registry.gauge(
    'breaker_state',
    '1 at the state of the breaker before a dependency',
    ['dependency', 'state'],
    () => {
      for (const { dependency, state } of gauges.breakers()) {
        for (const one of breakerStates) breaker.labels(dependency, one).set(one === state ? 1 : 0);
      }
    },
  );
}
