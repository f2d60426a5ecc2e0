import { randomUUID } from 'node:crypto';
import { type CacheFailure, createCommandsDueBoard, createKeyValueCache } from '@fleetstream/cache';
import { type CommandData, topics } from '@fleetstream/contracts';
import { createKafkaClient, createLogProducer } from '@fleetstream/kafka';
import { type Clock, type Log, systemClock } from '@fleetstream/kernel';
import { type Component, createHttpServer } from '@fleetstream/runtime';
import { createCallbackGuard } from './adapters/callback-guard.ts';
import { createCommandFollower } from './adapters/command-follower.ts';
import { createCallbackPoster } from './adapters/post-callback.ts';
import { createDeliveryLog } from './adapters/delivery-log.ts';
import { type LogFollower } from './adapters/log-follower.ts';
import { createPlatformDirectory } from './adapters/platform-directory.ts';
import { createRequestClaims } from './adapters/request-claims.ts';
import { createRequestLog } from './adapters/request-log.ts';
import { createSigningKeys } from './adapters/signing-keys.ts';
import { createCommandPolls } from './command-polls.ts';
import { createCommandRequests } from './command-requests.ts';
import { type CommandsDue, createCommandsDue, dueTtlSeconds } from './commands-due.ts';
import { type CommandsConfig } from './config.ts';
import { CommandBook } from './domain/command-book.ts';
import { createDeliveryGrants, type DeliveryPoint, toMoment } from './delivery-grants.ts';
import { DeliveryDesk } from './domain/delivery-desk.ts';
import { createAuditRoutes } from './http/audit-routes.ts';
import { createChangeRoutes } from './http/change-routes.ts';
import { createCommandRoutes } from './http/command-routes.ts';
import { createDeliveryRoutes } from './http/delivery-routes.ts';
import { createExpressApp, type Readiness } from './http/express-app.ts';
import { createRequestRoutes } from './http/request-routes.ts';
import { createRobotRoutes } from './http/robot-routes.ts';
import { createRolloutRoutes } from './http/rollout-routes.ts';
import { createProblemSender } from './http/send-problem.ts';
import { createStreamRoutes } from './http/stream-routes.ts';
import { type CommandsGauges, type CommandsMetrics, createCommandsMetrics } from './metrics.ts';
import { createOperatorParts, type OperatorParts } from './operator-parts.ts';
import { type CommandPush, createCommandPush } from './push-commands.ts';
import { createRollouts, type Rollouts } from './rollouts.ts';

/** What tests and fault drills put in the place of the usual. */
export interface CommandsSeams {
  readonly clock?: Clock;
  /** Called at each point of a command's way. */
  readonly at?: (point: DeliveryPoint) => void;
  /** Gets the desk and the name by which the log grants attempts to this instance. */
  readonly desk?: (desk: DeliveryDesk, instance: string) => DeliveryDesk;
}

export interface Commands {
  /** In start order. */
  readonly components: readonly Component[];
  /** The port listened on, once started. */
  port(): number;
}

/** Puts the service together; nothing runs until its components are started. */
export function createComponents(config: CommandsConfig, log: Log, seams: CommandsSeams = {}): Commands {
  const { clock = systemClock } = seams;
  const metrics = createCommandsMetrics();
  const shared = createShared(config, seams, { log, clock, metrics, mayDeliver: () => follower.caughtUp() });
  const { producer, cache, keys, platform, directory, book, desk, grants, polls } = shared;
  const operator = createOperatorParts(config, { ...shared, clock, log, metrics });
  const push = createPush(config, shared, { clock, log });
  const follower = createCommandFollower({
    ...{ kafka: shared.kafka, log, clock },
    historyMs: config.COMMANDS_HISTORY_HOURS * 3_600_000,
    onTransition: (data: CommandData, at) => {
      metrics.transition(data.status);
      rollouts.noteCommand(data);
      const isNews = book.apply(data, at);
      operator.streams.publish(data, at);
      if (!isNews) return;
      const view = book.find(data.commandId);
      const waitedMs = view === undefined ? undefined : desk.note(view, data, toMoment(clock));
      if (waitedMs !== undefined) metrics.granted(waitedMs / 1000);
      // After all that was read at once: some of it belongs together.
      if (concerned.size === 0) queueMicrotask(wakeConcerned);
      concerned.add(data.robotId);
    },
    onUndecodable: () => {
      metrics.undecodable();
    },
  });
  const rollouts = createRollouts({
    ...{ kafka: shared.kafka, producer, clock, log, metrics: metrics.rollouts },
    historyMs: config.COMMANDS_HISTORY_HOURS * 3_600_000,
    takeoverMs: config.COMMANDS_ROLLOUT_TAKEOVER_MS,
    commandsCaughtUp: () => follower.caughtUp(),
  });
  /** Robots of whose commands the log has just told something. */
  const concerned = new Set<string>();
  const wakeConcerned = () => {
    for (const robotId of concerned) {
      polls.wake(robotId);
      push.wake(robotId);
      due.note(robotId);
    }
    concerned.clear();
  };
  const due = createDue(config, shared, { log, clock, metrics, caughtUp: () => follower.caughtUp() });
  let draining = false;
  const readiness = (): Readiness => ({
    ready: producer.healthy() && follower.caughtUp() && rollouts.caughtUp() && !draining,
    draining,
    log: producer.healthy() ? 'ok' : 'unavailable',
    caughtUp: follower.caughtUp() && rollouts.caughtUp(),
    redis: cache.breakerState(),
    platform: platform?.breakerState() ?? 'none',
  });
  const server = createHttpServer({
    host: config.COMMANDS_HTTP_HOST,
    port: config.COMMANDS_HTTP_PORT,
    handler: createHandler(config, { ...shared, operator, clock, log, metrics, rollouts }, readiness),
    ...serverLimits,
    drainDelayMs: config.COMMANDS_DRAIN_DELAY_MS,
    onDrain: () => {
      draining = true;
      polls.endAll();
      operator.streams.endAll();
    },
  });
  metrics.observe(createGauges(shared, follower, rollouts));
  const first = [producer, cache, keys.table, directory, ...operator.components];
  return {
    components: [...first, follower, ...rollouts.components, grants, polls, push, due, server],
    port: () => server.port(),
  };
}

/** What is asked for when the metrics are read. */
function createGauges(
  { producer, cache, platform, directory, book, polls }: Shared,
  follower: Pick<LogFollower, 'lagRecords'>,
  rollouts: Pick<Rollouts, 'book' | 'lagRecords'>,
): CommandsGauges {
  return {
    open: () => book.openCount,
    remembered: () => book.finishedCount,
    forgottenOpen: () => book.forgottenOpen,
    pollsWaiting: () => polls.waiting(),
    lagRecords: () => follower.lagRecords(),
    openRollouts: () => rollouts.book.openCount,
    rolloutLagRecords: () => rollouts.lagRecords(),
    logHealthy: () => producer.healthy(),
    robotListAgeMs: () => directory.ageMs(),
    breakers: () => [
      { dependency: 'redis', state: cache.breakerState() },
      ...(platform === undefined ? [] : [{ dependency: 'platform' as const, state: platform.breakerState() }]),
    ],
  };
}

type Shared = ReturnType<typeof createShared>;

interface Outside {
  readonly log: Log;
  readonly clock: Clock;
  readonly metrics: CommandsMetrics;
  readonly mayDeliver: () => boolean;
}

function createShared(config: CommandsConfig, seams: CommandsSeams, { log, clock, metrics, mayDeliver }: Outside) {
  const { at = () => undefined } = seams;
  const kafka = createKafkaClient({ brokers: config.KAFKA_BROKERS, clientId: 'fleetstream-commands', log });
  const producer = createLogProducer({
    kafka,
    log,
    topics: [topics.events, topics.rollouts],
    timeoutMs: config.COMMANDS_ACK_TIMEOUT_MS,
  });
  const cache = createKeyValueCache({
    url: config.REDIS_URL,
    log,
    prefix: 'commands',
    timeoutMs: config.COMMANDS_CACHE_TIMEOUT_MS,
    withoutIt: 'instances share nothing',
    onFailure: (operation, reason) => {
      metrics.cacheFailure(operation, reason);
    },
  });
  const { platform, directory } = createPlatformDirectory(config, {
    ...{ cache, producer, clock, log },
    metrics: metrics.platform,
  });
  const book = new CommandBook({ finishedMax: config.COMMANDS_FINISHED_MAX, openMax: config.COMMANDS_OPEN_MAX });
  const instance = `commands-${randomUUID()}`;
  const made = new DeliveryDesk({ book, instance, reofferMs: config.COMMANDS_REOFFER_MS, mayDeliver });
  const desk = seams.desk?.(made, instance) ?? made;
  const keys = createSigningKeys({
    masterKey: config.COMMANDS_MASTER_KEY,
    keyVersions: config.COMMANDS_KEY_VERSIONS,
    redisUrl: config.REDIS_URL,
    required: config.COMMANDS_KEYS_REQUIRED,
    log,
    nowMs: () => clock.nowMs(),
  });
  const deliveries = createDeliveryLog({ producer, instance, clock, log, metrics });
  const grants = createDeliveryGrants({ desk, deliveries, clock, metrics, at });
  const polls = createCommandPolls({ desk, grants, clock, maxPolls: config.COMMANDS_MAX_POLLS });
  return { kafka, producer, cache, platform, directory, book, desk, grants, polls, keys, deliveries, at };
}

/** What lets robots that only send events know that something is due. */
function createDue(
  { REDIS_URL: url, COMMANDS_CACHE_TIMEOUT_MS: timeoutMs }: CommandsConfig,
  { book, desk }: Pick<Shared, 'book' | 'desk'>,
  { log, clock, metrics, caughtUp }: Omit<Outside, 'mayDeliver'> & { readonly caughtUp: () => boolean },
): CommandsDue {
  const onFailure = (reason: CacheFailure) => {
    metrics.cacheFailure('due', reason);
  };
  const board = createCommandsDueBoard({ url, log, timeoutMs, ttlSeconds: dueTtlSeconds, onFailure });
  return createCommandsDue({ board, book, desk, clock, caughtUp });
}

function createPush(
  config: CommandsConfig,
  parts: Pick<Shared, 'book' | 'desk' | 'grants' | 'directory' | 'deliveries' | 'keys' | 'at'>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): CommandPush {
  const guard = createCallbackGuard({
    allowPrivate: config.COMMANDS_ALLOW_PRIVATE_CALLBACKS,
    networks: config.COMMANDS_CALLBACK_NETWORKS,
  });
  return createCommandPush({
    ...{ ...parts, clock, log },
    poster: createCallbackPoster(guard),
    signingKey: config.COMMANDS_SIGNING_KEY,
    timeoutMs: config.COMMANDS_PUSH_TIMEOUT_MS,
  });
}

function createHandler(
  config: CommandsConfig,
  parts: Shared & {
    readonly operator: OperatorParts;
    readonly clock: Clock;
    readonly log: Log;
    readonly metrics: CommandsMetrics;
    readonly rollouts: Rollouts;
  },
  readiness: () => Readiness,
): ReturnType<typeof createExpressApp> {
  const { log, metrics, directory, platform, cache, clock } = parts;
  const sendProblem = createProblemSender(metrics);
  const { places, live, verifier, rateLimit } = parts.operator;
  const claims = createRequestClaims(cache, clock);
  const requestLog = createRequestLog(parts);
  const requests = createCommandRequests({ ...parts, claims, requestLog });
  const policy = { hazardousActions: new Set(config.COMMANDS_HAZARDOUS_ACTIONS) };
  return createExpressApp({
    ...{ readiness, metrics, sendProblem, log },
    ...{ verifier, rateLimit },
    routes: [
      ...createRequestRoutes({ requests, places, policy, live }),
      ...createChangeRoutes({ ...parts, requestLog, places }),
      ...createCommandRoutes({ ...parts, claims, places }),
      ...createRolloutRoutes({
        ...parts,
        states: parts.rollouts.states,
        places,
        policy,
        directory: platform === undefined ? undefined : directory,
      }),
      ...createRobotRoutes({ directory, live, places }),
      ...createStreamRoutes({ book: parts.book, places, streams: parts.operator.streams }),
      ...createAuditRoutes({ audit: parts.operator.audit, places, clock }),
      ...createDeliveryRoutes({ ...parts, sendProblem, waitSecondsMax: config.COMMANDS_POLL_SECONDS_MAX }),
    ],
  });
}

/** Each waiting robot is a connection, unless the gateway speaks HTTP/2. Idle ones outlive the gateway's (30 s). */
const serverLimits = {
  maxConnections: 12_000,
  // Of a request, not of its answer, which a waiting robot gets much later.
  requestTimeoutMs: 10_000,
  keepAliveTimeoutMs: 65_000,
  closeTimeoutMs: 10_000,
} as const;
