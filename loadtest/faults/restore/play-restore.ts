import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { topics, topicSpecs } from '@fleetstream/contracts';
import { createKafkaClient, createLogProducer, ensureTopics, fetchCommitted, fetchOffsets } from '@fleetstream/kafka';
import { AppError, silentLog } from '@fleetstream/kernel';
import { findFreePort, type S3Server, startKafkaBroker } from '@fleetstream/local';
import { createRobotFold, defaultRobotRules, type RobotState } from '@fleetstream/robot-model';
import { type AcknowledgedEvent, type RunFigures, verifyRun } from '@fleetstream/testing';
import { createRandom } from '../../fleet/seeded-random.ts';
import { type PlayedRound, type RoundFigures, wrongs } from '../scenario.ts';
import { type PartitionAnswer, type ProcessorUnderTest, startProcessor } from './processor-under-test.ts';
import { createSeededHistory } from './seeded-history.ts';
import { until } from './until.ts';

export interface RestoreOptions {
  readonly root: string;
  readonly nodeFile: string;
  readonly seed: number;
  /** Of this round alone. */
  readonly directory: string;
  readonly store: S3Server;
  readonly bucket: string;
  readonly robots: number;
  /** Appended before the kill, and again while the processor is dead and while it comes back. */
  readonly events: number;
  readonly stop: AbortSignal;
}

const partitions = 6;
const groupId = 'restore';
/** Short, so that timers fire before, during and after the fault. */
const offlineAfterMs = 900;
const batchRecords = 50;

/**
 * One round: a processor with its checkpoints in the store folds a history, is killed in the middle of it, loses its
 * disk, and comes back. The oracle then recomputes everything from the log.
 */
export async function playRestore(options: RestoreOptions): Promise<PlayedRound> {
  const { directory } = options;
  const broker = await startKafkaBroker({
    dataDir: join(directory, 'kafka'),
    port: await findFreePort(),
    controllerPort: await findFreePort(),
    logFile: join(directory, 'kafka.log'),
    quickStart: true,
  });
  try {
    return await playOn(broker.address, options);
  } finally {
    await broker.kill();
  }
}

async function playOn(brokers: string, options: RestoreOptions): Promise<PlayedRound> {
  const { seed, stop } = options;
  const kafka = createKafkaClient({ brokers: [brokers], clientId: 'restore', log: silentLog });
  await ensureTopics(
    kafka,
    topicSpecs.map(({ name, config }) => ({ name, partitions, config })),
  );
  const producer = createLogProducer({ kafka, log: silentLog, topics: [topics.events] });
  const stopProducer = await producer.start();
  const history = createSeededHistory(seed, options.robots);
  const journal: AcknowledgedEvent[] = [];
  const append = async (count: number): Promise<void> => {
    for (let done = 0; done < count && !stop.aborted; done += batchRecords) {
      const items = Array.from({ length: Math.min(batchRecords, count - done) }, () => nextOf(history));
      await producer.append(items.map(({ record }) => record));
      journal.push(...items.flatMap(({ owed }) => (owed === undefined ? [] : [owed])));
      await sleep(10);
    }
  };
  const start = await prepareProcessor(brokers, options);
  let processor = await start();
  try {
    await append(options.events);
    const checkpointed = await awaitCheckpoints(processor, options);
    // The kill comes while records do: at another place of the fold's work with every seed.
    const sending = append(options.events);
    await sleep(createRandom(seed, 'kill')() * options.events * 0.2);
    await processor.kill();
    await rm(stateDirOf(options), { recursive: true });
    await sending;
    const startedMs = performance.now();
    processor = await start();
    const readyMs = performance.now() - startedMs;
    await append(options.events);
    await until('the end of the log is committed', () => isAllCommitted(kafka), { stop });
    const opened = await processor.fetchPartitions();
    const served = await processor.fetchStates();
    await processor.end();
    const verified = await verifyRun({
      ...{ brokers: [brokers], groupId, served, log: silentLog },
      fold: createRobotFold({ ...defaultRobotRules, offlineAfterMs }),
      countFolded: countRobotEvents,
      journal: toAsync(journal),
    });
    const restored = opened.filter(({ openedFrom }) => openedFrom === 'checkpoint').length;
    return {
      figures: { ...toFigures(verified), ...checkpointed, restored, readyMs: Math.round(readyMs) },
      examples: verified.examples,
    };
  } finally {
    await processor.kill();
    await stopProducer();
  }
}

function stateDirOf({ directory }: RestoreOptions): string {
  return join(directory, 'state');
}

/** Each call starts the processor anew, as its supervisor would. */
async function prepareProcessor(brokers: string, options: RestoreOptions): Promise<() => Promise<ProcessorUnderTest>> {
  const { root, nodeFile, directory, store, bucket, seed, stop } = options;
  const port = await findFreePort();
  // Brokers made of the same formatted directory have one cluster id: the prefix keeps their checkpoints apart.
  const url = `s3://${bucket}/round-${seed}?endpoint=${encodeURIComponent(store.address)}`;
  const environment = {
    PROCESSOR_GROUP_ID: groupId,
    PROCESSOR_STATE_DIR: stateDirOf(options),
    PROCESSOR_CHECKPOINT_URL: url,
    PROCESSOR_S3_ACCESS_KEY_ID: store.credentials.accessKeyId,
    PROCESSOR_S3_SECRET_ACCESS_KEY: store.credentials.secretAccessKey,
    // With its disk the processor loses who it was, and its partitions come back when its group has given it up.
    PROCESSOR_SESSION_TIMEOUT_MS: '3000',
    PROCESSOR_STATE_INTERVAL_MS: '300',
    PROCESSOR_CHECKPOINT_INTERVAL_MS: '400',
    PROCESSOR_TICK_INTERVAL_MS: '200',
    PROCESSOR_OFFLINE_AFTER_MS: String(offlineAfterMs),
    KAFKA_BROKERS: brokers,
  };
  const logFile = join(directory, 'processor.log');
  return () => startProcessor({ root, nodeFile, port, environment, logFile, stop });
}

interface Checkpointed {
  readonly checkpointedRecords: number;
  readonly uploadedBytes: number;
}

/** Without a checkpoint of each partition that holds much the round would only show that the log can be folded again. */
async function awaitCheckpoints(
  processor: ProcessorUnderTest,
  { events, stop }: RestoreOptions,
): Promise<Checkpointed> {
  let latest: NonNullable<PartitionAnswer['lastCheckpoint']>[] = [];
  const sum = (of: (checkpoint: (typeof latest)[number]) => number): number =>
    latest.reduce((total, checkpoint) => total + of(checkpoint), 0);
  const countRecords = (): number => sum(({ appliedOffset }) => appliedOffset);
  await until(
    'checkpoints of every partition',
    async () => {
      const answers = await processor.fetchPartitions();
      latest = answers.flatMap(({ lastCheckpoint }) => lastCheckpoint ?? []).filter((one) => one.appliedOffset > 0);
      return latest.length === partitions && countRecords() >= events / 2;
    },
    { stop },
  );
  return { checkpointedRecords: countRecords(), uploadedBytes: sum(({ uploadedBytes }) => uploadedBytes) };
}

async function isAllCommitted(kafka: ReturnType<typeof createKafkaClient>): Promise<boolean> {
  const committed = await fetchCommitted(kafka, groupId, topics.events);
  const ends = await fetchOffsets(kafka, topics.events);
  return [...ends].every(([partition, { end }]) => (committed.get(partition) ?? 0) >= end);
}

function toFigures({ appended, acknowledged, folded, outputs, deadLetters, ...found }: RunFigures): RoundFigures {
  const wrong = Object.fromEntries(wrongs.map((name) => [name, found[name]]));
  return { appended, acknowledged, folded, outputs, deadLetters, ...wrong };
}

function countRobotEvents({ counters }: RobotState): number {
  return Object.entries(counters.perType).reduce(
    (sum, [type, count]) => sum + (type.startsWith('robot.') ? count : 0),
    0,
  );
}

function nextOf<Item>(items: Iterator<Item, void>): Item {
  const { value } = items.next();
  if (value === undefined) throw new AppError('FS_INTERNAL', 'The history ended');
  return value;
}

// eslint-disable-next-line @typescript-eslint/require-await -- a list handed to one who takes streams
async function* toAsync<Item>(items: readonly Item[]): AsyncGenerator<Item, void, undefined> {
  yield* items;
}
