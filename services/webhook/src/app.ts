import { type CacheFailure, createFoldProgressBoard, createIngestMemory } from '@fleetstream/cache';
import { topics } from '@fleetstream/contracts';
import { compileEventChecks } from '@fleetstream/contracts/compile-event-checks';
import { createKafkaClient, createLogProducer, type LogProducer } from '@fleetstream/kafka';
import { type Log, systemClock } from '@fleetstream/kernel';
import { type Component, createHttpServer } from '@fleetstream/runtime';
import { createEventCodec, type RegistryStatus } from '@fleetstream/schema-registry';
import { type CommandsOutcome, createCommandService } from './adapters/command-service.ts';
import { createSigningKeys } from './adapters/signing-keys.ts';
import { type WebhookConfig } from './config.ts';
import { createByteBudget } from './http/byte-budget.ts';
import { type CommandsPort } from './http/carry-commands.ts';
import { createClientCerts, toAddressList } from './http/client-cert.ts';
import { createExpressApp, type Readiness } from './http/express-app.ts';
import { createDispatch } from './http/dispatch.ts';
import { createPressureGauge } from './http/pressure-gauge.ts';
import { createRobotLanes } from './http/robot-lanes.ts';
import { createEventsHandler, type EventsHandlerOptions } from './http/post-events.ts';
import { createWebhookMetrics } from './metrics.ts';

export interface Webhook {
  /** In start order. */
  readonly components: readonly Component[];
  /** The port listened on, once started. */
  port(): number;
}

/** What fault drills put in the place of the usual. */
export interface WebhookSeams {
  readonly logProducer?: (made: LogProducer) => LogProducer;
}

/**
 * Puts a webhook pod together; nothing runs until its components are started.
 *
 * @param toListener joins the handler of events and everything else; benches leave out what goes ahead of Express
 */
export function createComponents(
  config: WebhookConfig,
  log: Log,
  toListener = createDispatch,
  seams: WebhookSeams = {},
): Webhook {
  const parts = createParts(config, log, seams);
  const { metrics, budget, logProducer, codec, memory, board, lanes, pressure, keys } = parts;
  const keysKnown = () => !config.WEBHOOK_KEYS_REQUIRED || keys.table.ageMs() !== undefined;
  let draining = false;
  const readiness = (): Readiness => ({
    ready: logProducer.healthy() && isWritable(codec.status()) && keysKnown() && !draining,
    draining,
    log: logProducer.healthy() ? 'ok' : 'unavailable',
    schemas: codec.status(),
    keys: keysKnown() ? 'ok' : 'unknown',
    redis: memory.breakerState(),
  });
  const limits = toLimits(config);
  const events = createEventsHandler({
    memory,
    logProducer,
    codec,
    lanes,
    pressure,
    onShed: (rank, code) => {
      metrics.onShed(rank, code);
    },
    keys: keys.ring,
    keysKnown,
    clientCerts: createClientCerts(config.WEBHOOK_TRUST_CLIENT_CERT, toAddressList(config.WEBHOOK_GATEWAY_ADDRESSES)),
    budget,
    checks: compileEventChecks(),
    metrics,
    log,
    clock: systemClock,
    commands: createCommands(config, parts, log),
    limits,
    draining: () => draining,
  });
  const server = createHttpServer({
    host: config.WEBHOOK_HTTP_HOST,
    port: config.WEBHOOK_HTTP_PORT,
    handler: toListener(events, createExpressApp({ events, readiness, limits, metrics, log })),
    ...serverLimits,
    // The body has a limit of its own, sharper than this one of the whole request.
    requestTimeoutMs: config.WEBHOOK_BODY_TIMEOUT_MS + 5000,
    continueBytesMax: config.WEBHOOK_MAX_BODY_BYTES,
    idle: () => events.idle(),
    drainDelayMs: config.WEBHOOK_DRAIN_DELAY_MS,
    onDrain: () => {
      draining = true;
    },
  });
  metrics.observe({
    bytesInFlight: () => budget.usedBytes(),
    logHealthy: () => logProducer.healthy(),
    logWaitingBytes: () => logProducer.waitingBytes(),
    keysAgeMs: () => keys.table.ageMs(),
    breakerState: () => memory.breakerState(),
    pressureLevel: () => pressure.level(),
    loopLagMs: () => pressure.loopLagMs(),
    reportEveryMs: () => pressure.reportEveryMs(),
    floodingRobots: () => lanes.flooding(),
  });
  return { components: [codec, logProducer, keys.table, memory, board, pressure, server], port: () => server.port() };
}

/** Where the answers of robots that ask get their commands from; `undefined` where nothing is configured. */
function createCommands(
  { WEBHOOK_COMMANDS_URL: url, WEBHOOK_COMMANDS_TIMEOUT_MS: timeoutMs }: WebhookConfig,
  { keys, metrics }: ReturnType<typeof createParts>,
  log: Log,
): CommandsPort | undefined {
  if (url === undefined) return undefined;
  const onOutcome = (outcome: CommandsOutcome) => {
    metrics.onCarried(outcome);
  };
  return createCommandService({ url, timeoutMs, keys: keys.ring, clock: systemClock, log, onOutcome });
}

/** What the handler of events works with. */
function createParts(config: WebhookConfig, log: Log, seams: WebhookSeams) {
  const metrics = createWebhookMetrics();
  const budget = createByteBudget(config.WEBHOOK_MAX_BYTES_IN_FLIGHT);
  const made = createLogProducer({
    kafka: createKafkaClient({ brokers: config.KAFKA_BROKERS, clientId: 'fleetstream-webhook', log }),
    log,
    topics: [topics.events],
    lingerMs: config.WEBHOOK_LINGER_MS,
    timeoutMs: config.WEBHOOK_ACK_TIMEOUT_MS,
    maxWaitingBytes: logWaitingBytesMax,
    onBatch: (batch) => {
      metrics.onBatch(batch);
      pressure.noteAck(batch.durationMs);
    },
  });
  const logProducer = seams.logProducer?.(made) ?? made;
  const codec = createEventCodec({ url: config.SCHEMA_REGISTRY_URL, role: 'writer', log });
  const onCacheFailure = (operation: 'find' | 'mark' | 'lag', reason: CacheFailure) => {
    metrics.onCacheFailure(operation, reason);
  };
  const memory = createIngestMemory({
    url: config.REDIS_URL,
    log,
    ttlSeconds: config.WEBHOOK_DUPLICATE_TTL_SECONDS,
    timeoutMs: config.WEBHOOK_CACHE_TIMEOUT_MS,
    robotBucket: { perSecond: config.WEBHOOK_ROBOT_EVENTS_PER_SECOND, burst: config.WEBHOOK_ROBOT_BURST_EVENTS },
    fleetBucket: { perSecond: config.WEBHOOK_FLEET_EVENTS_PER_SECOND, burst: config.WEBHOOK_FLEET_BURST_EVENTS },
    onFailure: onCacheFailure,
  });
  const board = createFoldProgressBoard({
    url: config.REDIS_URL,
    log,
    onFailure: (_operation, reason) => {
      onCacheFailure('lag', reason);
    },
  });
  const lanes = createRobotLanes(laneLimits);
  const pressure = createPressureGauge({
    clock: systemClock,
    requestShare: () => budget.usedShare(),
    logShare: () => logProducer.waitingBytes() / logWaitingBytesMax,
    loopLagMsMax: config.WEBHOOK_LOOP_LAG_MAX_MS,
    ackMsMax: config.WEBHOOK_LOG_LATENCY_MAX_MS,
    readDrainMs: async () => {
      const lags = await board.readLags(systemClock.nowMs(), lagMaxAgeMs);
      return lags?.reduce((most, { drainMs }) => Math.max(most, drainMs), 0);
    },
  });
  const keys = createSigningKeys({
    masterKey: config.WEBHOOK_MASTER_KEY,
    keyVersions: config.WEBHOOK_KEY_VERSIONS,
    redisUrl: config.REDIS_URL,
    refreshMs: config.WEBHOOK_KEYS_REFRESH_MS,
    log,
    nowMs: () => systemClock.nowMs(),
  });
  return { metrics, budget, logProducer, codec, memory, board, lanes, pressure, keys };
}

function toLimits(config: WebhookConfig): EventsHandlerOptions['limits'] {
  return {
    maxBodyBytes: config.WEBHOOK_MAX_BODY_BYTES,
    maxEventBytes: config.WEBHOOK_MAX_EVENT_BYTES,
    maxBatchEvents: config.WEBHOOK_MAX_BATCH_EVENTS,
    maxJsonDepth: config.WEBHOOK_MAX_JSON_DEPTH,
    maxTextBytes: config.WEBHOOK_MAX_TEXT_BYTES,
    maxInflateRatio: config.WEBHOOK_MAX_INFLATE_RATIO,
    bodyTimeoutMs: config.WEBHOOK_BODY_TIMEOUT_MS,
  };
}

function isWritable(status: RegistryStatus): boolean {
  return status === 'off' || status === 'ok';
}

/** Idle connections outlive the gateway's (30 s); busy ones get the time of a slow broker to end. */
const serverLimits = { maxConnections: 10_000, keepAliveTimeoutMs: 65_000, closeTimeoutMs: 15_000 } as const;

const logWaitingBytesMax = 64 * 1024 * 1024;
/** Enough for a robot that answers a network hole; a flood waits for itself. */
const laneLimits = { active: 4, waiting: 8 } as const;
/** A processor that says nothing for so long is no measure any more. */
const lagMaxAgeMs = 10_000;
