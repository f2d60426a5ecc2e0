import { join } from 'node:path';
import { topics } from '@fleetstream/contracts';
import {
  type createKafkaClient,
  createCommittedOffsets,
  createLogSource,
  createPartitionAppender,
  describeCluster,
  type LogRecord,
} from '@fleetstream/kafka';
import { AppError, type Log, silentLog, systemClock, toMessage } from '@fleetstream/kernel';
import { createObjectStoreFromUrl, type ObjectStore } from '@fleetstream/object-store';
import { createRobotFold } from '@fleetstream/robot-model';
import { type Stop } from '@fleetstream/runtime';
import { type EventCodec } from '@fleetstream/schema-registry';
import { type CheckpointStore, createCheckpointStore } from '@fleetstream/state-store';
import { type Observe, type PartitionStatus, type StandbyStatus, type StreamEngine } from '@fleetstream/stream-engine';
import { createCheckpointScratch } from './adapters/checkpoint-scratch.ts';
import { createRobotEngine, type EngineParts } from './adapters/create-engine.ts';
import { findLocalStates, readInstanceId } from './adapters/local-states.ts';
import { createLogHistory } from './adapters/log-history.ts';
import { readMemoryLimits } from './adapters/memory-limits.ts';
import { type ProcessorConfig } from './config.ts';
import { type MemoryPlan, planMemory, toMemoryBytes } from './domain/memory-plan.ts';
import { createOwnership, type Ownership } from './ownership.ts';
import { type OwnershipMetrics } from './ownership-metrics.ts';
import { startFireDrills } from './fire-drills.ts';
import { createRobotHistory, type RobotHistory } from './robot-history.ts';
import { toRobotRules } from './robot-rules-of.ts';
import { type ProcessorSeams } from './seams.ts';

export interface ProcessingOptions {
  readonly config: ProcessorConfig;
  readonly kafka: ReturnType<typeof createKafkaClient>;
  readonly codec: EventCodec;
  readonly advertisedUrl: () => string;
  readonly onAssigned: () => void;
  readonly metrics: OwnershipMetrics;
  readonly observe: Observe;
  readonly noteRecords: (records: readonly LogRecord[]) => void;
  /** Told of every batch of states that was stored. */
  readonly afterStore?: EngineParts['afterStore'];
  readonly rocksMemory: EngineParts['rocksMemory'];
  readonly onMemoryPlanned: (residentBytes: number) => void;
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
  /** Copies of others' partitions. */
  standbys(): readonly StandbyStatus[];
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
    standbys: () => running?.engine.standbys() ?? [],
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
  const committed = createCommittedOffsets({ kafka, groupId: config.PROCESSOR_GROUP_ID, topic: topics.events, log });
  const objects = seams.objects(openCheckpointObjects(config, log));
  const storeOptions = {
    ...{ objects, prefix: `${clusterId}/${topics.events}`, clock: systemClock },
    ...{ retain: config.PROCESSOR_CHECKPOINT_RETAIN, graceMs: seams.garbage.graceMs },
  };
  const checkpoints = createCheckpointStore({ ...storeOptions, log });
  // Passing over newer checkpoints is what a question about the past is about: nothing to warn of.
  const past = createPast(options, createCheckpointStore({ ...storeOptions, log: silentLog }), stateDir);
  const memory = await planOwnMemory(config, partitionCount, log);
  options.onMemoryPlanned(memory.residentBytes);
  const engine: StreamEngine = createRobotEngine({
    ...{ config, memory, kafka, codec, source, ticks, committed, checkpoints, stateDir, localStates, seams, log },
    ownershipConfirmed: () => ownership.confirmed(),
    observe: (event) => {
      options.observe(event);
      ownership.observe(event);
    },
    noteRecords: options.noteRecords,
    afterStore: options.afterStore,
    rocksMemory: options.rocksMemory,
  });
  const ownership: Ownership = createOwnership({
    ...{ config, kafka, partitionCount, engine: () => engine, log },
    instanceId: config.PROCESSOR_INSTANCE_ID ?? (await readInstanceId(stateDir)),
    advertisedUrl: options.advertisedUrl,
    metrics: options.metrics,
    onAssigned: options.onAssigned,
  });
  await past.scratch.start();
  await source.start();
  await ticks.start();
  await ownership.start();
  const drills = startFireDrills({
    ...{ engine, kafka, log, intervalMs: config.PROCESSOR_FIRE_DRILL_INTERVAL_MS },
    bytesPerSecond: config.PROCESSOR_FIRE_DRILL_BYTES_PER_SECOND,
  });
  const stopCollecting = collectGarbageNowAndThen(checkpoints, seams.garbage.everyMs, log);
  return {
    engine,
    history: past.history,
    partitionCount,
    isReady: () => ownership.isJoined() && engine.statuses().every(({ phase }) => phase === 'running'),
    stop: async () => {
      stopCollecting();
      await drills.stop();
      await ownership.stop();
      await engine.stop();
      await committed.stop();
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

async function planOwnMemory(config: ProcessorConfig, partitionCount: number, log: Log): Promise<MemoryPlan> {
  const { limitBytes, heapLimitBytes } = await readMemoryLimits();
  const plan = planMemory({
    ...{ limitBytes, heapLimitBytes, partitionCount },
    memoryBytes: toMemoryBytes(limitBytes, config.PROCESSOR_MEMORY_BYTES),
    cacheBytesWanted: config.PROCESSOR_CACHE_BYTES,
    memtableBytesWanted: config.PROCESSOR_MEMTABLE_BYTES,
  });
  log[plan.isTight ? 'warn' : 'info']({ ...plan, partitionCount }, 'memory planned, for every partition at once');
  return plan;
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
