import { join } from 'node:path';
import { topics } from '@fleetstream/contracts';
import {
  type createKafkaClient,
  createGroupMembership,
  createLogSource,
  createPartitionAppender,
  describeCluster,
  type GroupMembership,
  type LogRecord,
} from '@fleetstream/kafka';
import { AppError, type Log, silentLog, systemClock, toMessage } from '@fleetstream/kernel';
import { createObjectStoreFromUrl, type ObjectStore } from '@fleetstream/object-store';
import { createRobotFold } from '@fleetstream/robot-model';
import { type Stop } from '@fleetstream/runtime';
import { type EventCodec } from '@fleetstream/schema-registry';
import { type CheckpointStore, createCheckpointStore } from '@fleetstream/state-store';
import { type Observe, type PartitionStatus, type StreamEngine } from '@fleetstream/stream-engine';
import { createCheckpointScratch } from './adapters/checkpoint-scratch.ts';
import { createRobotEngine, type EngineParts } from './adapters/create-engine.ts';
import { findLocalStates, readInstanceId } from './adapters/local-states.ts';
import { createLogHistory } from './adapters/log-history.ts';
import { type ProcessorConfig } from './config.ts';
import { createRobotHistory, type RobotHistory } from './robot-history.ts';
import { toRobotRules } from './robot-rules-of.ts';
import { type ProcessorSeams } from './seams.ts';

export interface ProcessingOptions {
  readonly config: ProcessorConfig;
  readonly kafka: ReturnType<typeof createKafkaClient>;
  readonly codec: EventCodec;
  readonly advertisedUrl: () => string;
  readonly onAssigned: () => void;
  readonly observe: Observe;
  readonly noteRecords: (records: readonly LogRecord[]) => void;
  /** Told of every batch of states that was stored. */
  readonly afterStore?: EngineParts['afterStore'];
  readonly seams: ProcessorSeams;
  readonly log: Log;
}

/** The folding part of the process, and what the HTTP side asks of it. */
export interface Processing {
  readonly name: string;
  start(): Promise<Stop>;
  /** @throws AppError FS_NOT_READY before the start */
  engine(): StreamEngine;
  /** @throws AppError FS_NOT_READY before the start */
  history(): RobotHistory;
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
    history: () => {
      if (running === undefined) throw new AppError('FS_NOT_READY', 'The processor is starting');
      return running.history;
    },
    statuses: () => running?.engine.statuses() ?? [],
    partitionCount: () => running?.partitionCount ?? 0,
    isReady: () => running?.isReady() ?? false,
  };
}

async function startProcessing(options: ProcessingOptions): Promise<{
  engine: StreamEngine;
  history: RobotHistory;
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
  const objects = seams.objects(openCheckpointObjects(config, log));
  const storeOptions = {
    ...{ objects, prefix: `${clusterId}/${topics.events}`, clock: systemClock },
    ...{ retain: config.PROCESSOR_CHECKPOINT_RETAIN, graceMs: seams.garbage.graceMs },
  };
  const checkpoints = createCheckpointStore({ ...storeOptions, log });
  // Passing over newer checkpoints is what a question about the past is about: nothing to warn of.
  const past = createPast(options, createCheckpointStore({ ...storeOptions, log: silentLog }), stateDir);
  const group = { joined: false, leaving: false };
  const engine: StreamEngine = createRobotEngine({
    ...{ config, kafka, codec, source, ticks, checkpoints, stateDir, localStates, seams, log },
    ownershipConfirmed: () => membership.confirmed(),
    observe: options.observe,
    noteRecords: options.noteRecords,
    afterStore: options.afterStore,
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
  await past.scratch.start();
  await source.start();
  await ticks.start();
  await membership.start();
  const stopCollecting = collectGarbageNowAndThen(checkpoints, seams.garbage.everyMs, log);
  return {
    engine,
    history: past.history,
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
      await past.scratch.stop();
    },
  };
}

function createPast({ config, kafka, codec, log }: ProcessingOptions, checkpoints: CheckpointStore, stateDir: string) {
  const rules = toRobotRules(config);
  const fold = createRobotFold(rules);
  const scratch = createCheckpointScratch({
    ...{ checkpoints, dir: join(stateDir, 'past'), topic: topics.events, log },
    ...{ foldName: fold.name, stateVersion: fold.stateVersion, maxBytes: config.PROCESSOR_HISTORY_BYTES },
  });
  const history = createRobotHistory({
    ...{ fold, rules, scratch, codec },
    log: createLogHistory(kafka, () => systemClock.nowMs()),
    limits: { recordsMax: config.PROCESSOR_HISTORY_RECORDS, timeoutMs: config.PROCESSOR_HISTORY_TIMEOUT_MS },
  });
  return { history, scratch };
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
