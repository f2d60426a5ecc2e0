import { join } from 'node:path';
import { topics } from '@fleetstream/contracts';
import {
  type createKafkaClient,
  createGroupMembership,
  createLogSource,
  createPartitionAppender,
  describeCluster,
  type GroupMembership,
} from '@fleetstream/kafka';
import { AppError, type Log, systemClock, toMessage } from '@fleetstream/kernel';
import { createObjectStoreFromUrl, type ObjectStore } from '@fleetstream/object-store';
import { type Stop } from '@fleetstream/runtime';
import { type EventCodec } from '@fleetstream/schema-registry';
import { type CheckpointStore, createCheckpointStore } from '@fleetstream/state-store';
import { type Observe, type PartitionStatus, type StreamEngine } from '@fleetstream/stream-engine';
import { createRobotEngine } from './adapters/create-engine.ts';
import { findLocalStates, readInstanceId } from './adapters/local-states.ts';
import { type ProcessorConfig } from './config.ts';
import { type ProcessorSeams } from './seams.ts';

export interface ProcessingOptions {
  readonly config: ProcessorConfig;
  readonly kafka: ReturnType<typeof createKafkaClient>;
  readonly codec: EventCodec;
  readonly advertisedUrl: () => string;
  readonly onAssigned: () => void;
  readonly observe: Observe;
  readonly seams: ProcessorSeams;
  readonly log: Log;
}

/** The folding part of the process, and what the HTTP side asks of it. */
export interface Processing {
  readonly name: string;
  start(): Promise<Stop>;
  /** @throws AppError FS_NOT_READY before the start */
  engine(): StreamEngine;
  statuses(): readonly PartitionStatus[];
  partitionCount(): number;
  /** Whether the group was joined and every partition that it gave is up to date with what was committed before. */
  isReady(): boolean;
}

export function createProcessing(options: ProcessingOptions): Processing {
  let running: Awaited<ReturnType<typeof startProcessing>> | undefined;
  return {
    name: 'processing',
    start: async () => {
      running = await startProcessing(options);
      return running.stop;
    },
    engine: () => {
      if (running === undefined) throw new AppError('FS_NOT_READY', 'The processor is starting');
      return running.engine;
    },
    statuses: () => running?.engine.statuses() ?? [],
    partitionCount: () => running?.partitionCount ?? 0,
    isReady: () => running?.isReady() ?? false,
  };
}

async function startProcessing(options: ProcessingOptions): Promise<{
  engine: StreamEngine;
  partitionCount: number;
  isReady: () => boolean;
  stop: Stop;
}> {
  const { config, kafka, codec, seams, log } = options;
  const { clusterId, partitionCount } = await describeCluster(kafka, topics.events);
  // States and checkpoints are of one log; another cluster's log of the same name must not meet them.
  const stateDir = join(config.PROCESSOR_STATE_DIR, clusterId);
  const localStates = await findLocalStates(stateDir, log);
  const source = createLogSource({ kafka, topic: topics.events, log });
  const ticks = createPartitionAppender({ kafka, topic: topics.events });
  const checkpoints = createCheckpointStore({
    objects: seams.objects(openCheckpointObjects(config, log)),
    prefix: `${clusterId}/${topics.events}`,
    log,
    clock: systemClock,
    retain: config.PROCESSOR_CHECKPOINT_RETAIN,
    graceMs: seams.garbage.graceMs,
  });
  const group = { joined: false, leaving: false };
  const engine: StreamEngine = createRobotEngine({
    ...{ config, kafka, codec, source, ticks, checkpoints, stateDir, localStates, seams, log },
    ownershipConfirmed: () => membership.confirmed(),
    observe: options.observe,
  });
  const membership: GroupMembership = createGroupMembership({
    ...{ kafka, groupId: config.PROCESSOR_GROUP_ID, topic: topics.events, log },
    instanceId: await readInstanceId(stateDir),
    sessionTimeoutMs: config.PROCESSOR_SESSION_TIMEOUT_MS,
    memberData: () => ({ url: options.advertisedUrl(), stateOffsets: engine.stateOffsets() }),
    onAssigned: (partitions) => {
      if (group.leaving) return;
      group.joined = true;
      log.info({ partitions }, 'partitions assigned');
      options.onAssigned();
      engine.assign(partitions);
    },
  });
  await source.start();
  await ticks.start();
  await membership.start();
  const stopCollecting = collectGarbageNowAndThen(checkpoints, seams.garbage.everyMs, log);
  return {
    engine,
    partitionCount,
    isReady: () => group.joined && engine.statuses().every(({ phase }) => phase === 'running'),
    stop: async () => {
      group.leaving = true;
      stopCollecting();
      // The last commits come before the group is left: until then nobody else is given the partitions.
      await engine.stop();
      await membership.stop();
      await ticks.stop();
      await source.stop();
    },
  };
}

function openCheckpointObjects(config: ProcessorConfig, log: Log): ObjectStore {
  const { PROCESSOR_S3_ACCESS_KEY_ID: accessKeyId, PROCESSOR_S3_SECRET_ACCESS_KEY: secretAccessKey } = config;
  const given = accessKeyId !== undefined && secretAccessKey !== undefined;
  return createObjectStoreFromUrl(config.PROCESSOR_CHECKPOINT_URL, {
    ...(given ? { credentials: { accessKeyId, secretAccessKey } } : {}),
    log,
  });
}

function collectGarbageNowAndThen(checkpoints: CheckpointStore, everyMs: number, log: Log): () => void {
  let running = false;
  const timer = setInterval(() => {
    if (running) return;
    running = true;
    checkpoints
      .collectGarbage()
      .catch((thrown: unknown) => {
        log.warn({ reason: toMessage(thrown) }, 'old checkpoint objects could not be collected');
      })
      .finally(() => {
        running = false;
      });
  }, everyMs);
  return () => {
    clearInterval(timer);
  };
}
