import { setTimeout as delay } from 'node:timers/promises';
import { decodeFleetRecord, tickKey, topics, toTickEvent } from '@fleetstream/contracts';
import {
  type CommittedOffsets,
  createTransactionalSink,
  type LogRecord,
  type LogSource,
  type PartitionAppender,
} from '@fleetstream/kafka';
import { type Log, systemClock } from '@fleetstream/kernel';
import { createRobotFold, robotIndex, type RobotState } from '@fleetstream/robot-model';
import { type EventCodec } from '@fleetstream/schema-registry';
import {
  type CheckpointStore,
  destroyStateDir,
  openRocksStateStore,
  type RocksMemory,
  stateDirExists,
} from '@fleetstream/state-store';
import {
  createStreamEngine,
  defaultLimits,
  type EngineLimits,
  type EnginePorts,
  type Observe,
  type StoredStates,
  type StreamEngine,
} from '@fleetstream/stream-engine';
import { randomUUID } from 'node:crypto';
import { type ProcessorConfig } from '../config.ts';
import { type MemoryPlan } from '../domain/memory-plan.ts';
import { toRobotRules } from '../robot-rules-of.ts';
import { type ProcessorSeams } from '../seams.ts';

type KafkaClient = Parameters<typeof createTransactionalSink>[0]['kafka'];

/** What a copy is behind its owner, beside the owner's commit interval. */
const standbyPollMs = 100;

export interface EngineParts {
  readonly config: ProcessorConfig;
  readonly kafka: KafkaClient;
  readonly source: LogSource;
  readonly ticks: PartitionAppender;
  readonly committed: CommittedOffsets;
  readonly checkpoints: CheckpointStore;
  readonly codec: EventCodec;
  readonly stateDir: string;
  readonly localStates: ReadonlyMap<number, number>;
  readonly ownershipConfirmed: () => Promise<void>;
  readonly observe: Observe;
  /** Told of every batch as it was read; synchronous and cheap. */
  readonly noteRecords: (records: readonly LogRecord[]) => void;
  readonly afterStore?: ((stored: StoredStates<RobotState>) => void) | undefined;
  readonly memory: MemoryPlan;
  readonly rocksMemory: RocksMemory;
  readonly seams: ProcessorSeams;
  readonly log: Log;
}

/** The engine on real Kafka, RocksDB and a checkpoint store, folding the robot model. */
export function createRobotEngine(parts: EngineParts): StreamEngine {
  const { config, stateDir, observe, log } = parts;
  return createStreamEngine(
    {
      fold: createRobotFold(toRobotRules(config)),
      index: robotIndex,
      prepare: (records) => {
        parts.noteRecords(records);
        return parts.codec.prepare(records);
      },
      decode: (record) => decode(parts.codec, record),
      inputTopic: topics.events,
      deadLetterTopic: topics.deadLetters,
      ports: parts.seams.ports(toPorts(parts)),
      limits: toLimits(config, parts.memory),
      stateDir,
      allowStateLoss: config.PROCESSOR_ALLOW_STATE_LOSS,
      log,
      observe,
      standby: {
        committedOffset: (partition) => parts.committed.of(partition),
        pollMs: standbyPollMs,
        warmRecords: config.PROCESSOR_WARM_RECORDS,
      },
      ...(parts.afterStore === undefined ? {} : { afterStore: parts.afterStore }),
    },
    parts.localStates,
  );
}

function decode(codec: EventCodec, record: LogRecord): ReturnType<typeof decodeFleetRecord> {
  const { value, contentType } = codec.toJson(record);
  return decodeFleetRecord({ value, key: record.key?.toString('utf8'), contentType });
}

function toPorts(parts: EngineParts): EnginePorts {
  const { config, kafka, source, ticks, checkpoints, memory, ownershipConfirmed, log } = parts;
  const groupId = config.PROCESSOR_GROUP_ID;
  return {
    source,
    createSink: (partition) =>
      createTransactionalSink({
        kafka,
        transactionalId: `${groupId}-${partition}`,
        groupId,
        inputTopic: topics.events,
        partition,
        outputTopics: [topics.states, topics.alerts, topics.commands, topics.deadLetters],
        log,
      }),
    openStore: (options) =>
      openRocksStateStore({ ...options, memtableBytes: memory.memtableBytes, memory: parts.rocksMemory, log }),
    files: { exists: stateDirExists, destroy: destroyStateDir },
    checkpoints,
    ticks: {
      tick: (partition) => ticks.append({ partition, key: tickKey, value: toTickEvent(partition, randomUUID()) }),
    },
    clock: systemClock,
    sleep: async (delayMs, signal) => {
      // An abort is how a sleeper is woken.
      await delay(delayMs, undefined, { signal }).catch(() => undefined);
    },
    ownershipConfirmed,
  };
}

function toLimits(config: ProcessorConfig, memory: MemoryPlan): EngineLimits {
  return {
    ...defaultLimits,
    commitIntervalMs: config.PROCESSOR_COMMIT_INTERVAL_MS,
    stateIntervalMs: config.PROCESSOR_STATE_INTERVAL_MS,
    checkpointIntervalMs: config.PROCESSOR_CHECKPOINT_INTERVAL_MS,
    tickIntervalMs: config.PROCESSOR_TICK_INTERVAL_MS,
    cacheEntries: config.PROCESSOR_CACHE_ENTRIES,
    cacheBytes: memory.cacheBytes,
    maxRefoldRecords: config.PROCESSOR_MAX_REFOLD_RECORDS,
    maxTransactionRecords: config.PROCESSOR_TRANSACTION_RECORDS,
    maxTransactionBytes: config.PROCESSOR_TRANSACTION_BYTES,
  };
}
