import { type CacheFailure, createFoldProgressBoard } from '@fleetstream/cache';
import { topics } from '@fleetstream/contracts';
import { createGroupOwners, createKafkaClient, type LogRecord } from '@fleetstream/kafka';
import { type Log, systemClock } from '@fleetstream/kernel';
import { type Component, createHttpServer } from '@fleetstream/runtime';
import { createEventCodec } from '@fleetstream/schema-registry';
import { createRocksMemory } from '@fleetstream/state-store';
import { type PartitionStatus } from '@fleetstream/stream-engine';
import { type AckPublisher, createAckPublisher } from './adapters/publish-acks.ts';
import { readOwnMemory } from './adapters/own-memory.ts';
import { createPeers } from './adapters/peers.ts';
import { type ProcessorConfig } from './config.ts';
import { createExpressApp } from './http/express-app.ts';
import { createRobotReader } from './read-robots.ts';
import { createProcessorMetrics, type ProcessorMetrics } from './metrics.ts';
import { createProcessing } from './processing.ts';
import { createHotKeyWatch, type HotKeyWatch } from './watch-hot-keys.ts';
import { createLogClockWatch } from './watch-log-clock.ts';
import { noSeams, type ProcessorSeams } from './seams.ts';

export interface Processor {
  /** In start order. */
  readonly components: readonly Component[];
  /** The port listened on, once started. */
  port(): number;
}

const ownersMaxAgeMs = 1000;

/** Puts a processor together; nothing runs until its components are started. */
export function createComponents(config: ProcessorConfig, log: Log, seams: ProcessorSeams = noSeams): Processor {
  const metrics = createProcessorMetrics();
  const kafka = createKafkaClient({ brokers: config.KAFKA_BROKERS, clientId: 'fleetstream-processor', log });
  const owners = createGroupOwners({
    ...{ kafka, groupId: config.PROCESSOR_GROUP_ID, topic: topics.events },
    clock: systemClock,
    maxAgeMs: ownersMaxAgeMs,
  });
  const ownUrl = () => config.PROCESSOR_ADVERTISED_URL ?? `http://${config.PROCESSOR_HTTP_HOST}:${server.port()}`;
  const codec = createEventCodec({ url: config.SCHEMA_REGISTRY_URL, role: 'reader', log });
  const acks = createAcks(config, log, metrics, () => processing.statuses());
  const { hotKeys, noteRecords } = watchRecords(metrics, log);
  const rocksMemory = createRocksMemory(log);
  metrics.memory.watch(() => readOwnMemory(rocksMemory));
  const processing = createProcessing({
    afterStore:
      acks === undefined
        ? undefined
        : (stored) => {
            acks.afterStore(stored);
          },
    ...{ config, kafka, codec, seams, noteRecords, rocksMemory, log },
    advertisedUrl: ownUrl,
    onMemoryPlanned: (residentBytes) => {
      metrics.memory.onPlanned(residentBytes);
    },
    onAssigned: () => {
      seams.onAssigned();
      owners.forget();
    },
    metrics: metrics.ownership,
    observe: (event) => {
      metrics.observe(event);
    },
  });
  metrics.watch(
    () => processing.statuses(),
    () => systemClock.nowMs(),
  );
  metrics.ownership.watchStandbys(() => processing.standbys());
  const reader = createRobotReader({
    processing,
    hottest: (partition) => hotKeys.hottest(partition),
    owners,
    peers: createPeers(config.PROCESSOR_API_TOKEN),
    ownUrl,
    log,
  });
  const server = createHttpServer({
    host: config.PROCESSOR_HTTP_HOST,
    port: config.PROCESSOR_HTTP_PORT,
    handler: createExpressApp({ reader, processing, metrics, token: config.PROCESSOR_API_TOKEN, log }),
    // Operators, probes and other instances; no robots.
    maxConnections: 1000,
    requestTimeoutMs: 10_000,
    closeTimeoutMs: 5000,
  });
  const ownersComponent: Component = {
    name: 'partition-owners',
    start: async () => {
      await owners.start();
      return () => owners.stop();
    },
  };
  // The server first: /healthz answers while states are restored, and with port 0 the others need its port.
  return {
    components: [server, codec, ownersComponent, ...(acks === undefined ? [] : [acks]), processing],
    port: () => server.port(),
  };
}

/** What is looked at of every record that is read, beside its folding. */
function watchRecords(
  metrics: ProcessorMetrics,
  log: Log,
): { readonly hotKeys: HotKeyWatch; readonly noteRecords: (records: readonly LogRecord[]) => void } {
  const hotKeys = createHotKeyWatch(systemClock, log);
  metrics.watchHotKeys(hotKeys);
  const logClock = createLogClockWatch(systemClock, log, metrics);
  const noteRecords = (records: readonly LogRecord[]): void => {
    hotKeys.note(records);
    logClock.note(records);
  };
  return { hotKeys, noteRecords };
}

function createAcks(
  config: ProcessorConfig,
  log: Log,
  metrics: ProcessorMetrics,
  statuses: () => readonly PartitionStatus[],
): AckPublisher | undefined {
  if (config.REDIS_URL === undefined) return undefined;
  const onFailure = (_operation: string, reason: CacheFailure) => {
    metrics.onAckFailure(reason);
  };
  return createAckPublisher({
    board: createFoldProgressBoard({ url: config.REDIS_URL, log, onFailure }),
    clock: systemClock,
    statuses,
    onDropped: (robots) => {
      metrics.onAcksDropped(robots);
    },
  });
}
