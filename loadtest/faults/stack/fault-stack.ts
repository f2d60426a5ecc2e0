import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { topics, topicSpecs } from '@fleetstream/contracts';
import { createKafkaClient, ensureTopics, fetchCommitted, fetchOffsets } from '@fleetstream/kafka';
import { silentLog } from '@fleetstream/kernel';
import { findFreePort, type LocalProcess, startKafkaBroker } from '@fleetstream/local';
import { createRobotFold, defaultRobotRules, type RobotState } from '@fleetstream/robot-model';
import { type KafkaProxy, type RunFigures, type ServedStates, startKafkaProxy, verifyRun } from '@fleetstream/testing';
import { type HistoryItem } from '../restore/seeded-history.ts';
import { until } from '../restore/until.ts';
import { type FaultContext } from '../scenario.ts';
import { type FaultProcessor, spawnFaultProcessor } from './fault-processor.ts';
import { createFaultHistory } from './fault-history.ts';
import { type FaultTraffic, startFaultTraffic } from './fault-traffic.ts';

export interface FaultStackOptions {
  readonly name: string;
  readonly seed: number;
  readonly context: FaultContext;
  readonly partitions?: number;
  readonly ratePerSecond?: number;
  /** Of everything that is appended; the usual one when left out. */
  readonly history?: Iterator<HistoryItem, void>;
  /** Where records come from when not straight from a history: told where the broker is, and the folder of the run. */
  readonly startTraffic?: (brokers: string, directory: string) => Promise<FaultTraffic>;
  /** Keys that are in the log as load alone: see `verifyRun`. */
  readonly isLoad?: (key: string) => boolean;
  /** Overrides what a processor is told by default. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Puts a proxy between the processors and the broker, for faults aimed at single requests. */
  readonly proxied?: boolean;
  /** Of the broker; left out, it inherits ours. */
  readonly brokerEnvironment?: Readonly<Record<string, string | undefined>>;
}

export interface SpawnOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly program?: string;
  /** Replaces the folder of the slot's states. */
  readonly stateDir?: string;
}

/** One broker, a stream of records into it and any number of processors, for all rounds of a scenario. */
export interface FaultStack {
  readonly directory: string;
  /** The broker itself. */
  readonly brokers: string;
  readonly traffic: FaultTraffic;
  /** What the processors talk to, if the stack was asked for it. */
  readonly proxy: KafkaProxy | undefined;
  /** Starts the processor of a slot; each slot has a folder and a port of its own. */
  spawn(slot: number, options?: SpawnOptions): Promise<FaultProcessor>;
  stateDir(slot: number): string;
  killBroker(): Promise<void>;
  restartBroker(): Promise<void>;
  committed(): Promise<ReadonlyMap<number, number>>;
  /** Resolves when every partition has committed past `since`. @returns how long it took, in milliseconds */
  progressed(since: ReadonlyMap<number, number>, timeoutMs?: number): Promise<number>;
  /** Resolves when all that was appended is committed. */
  caughtUp(): Promise<void>;
  /** Pauses the traffic, lets the processors finish and stop, and holds everything against the log. */
  verify(processors: readonly FaultProcessor[]): Promise<RunFigures>;
  /** To be done when everything has ended, before the data goes. */
  atEnd(work: () => Promise<void>): void;
  /** Ends everything; deletes the data unless it is to be kept. */
  end(keep: boolean): Promise<void>;
}

const faultGroupId = 'faults';
/** Short, so that timers fire before, during and after each fault. */
const faultOfflineAfterMs = 900;
const settleWithinMs = 120_000;

export async function startFaultStack(options: FaultStackOptions): Promise<FaultStack> {
  const directory = await mkdtemp(join(tmpdir(), `fleetstream-${options.name}-`));
  const brokerOptions = {
    dataDir: join(directory, 'kafka'),
    port: await findFreePort(),
    controllerPort: await findFreePort(),
    logFile: join(directory, 'kafka.log'),
    quickStart: true,
    appendLog: true,
    ...(options.brokerEnvironment === undefined ? {} : { environment: options.brokerEnvironment }),
  };
  const startBroker = () => startKafkaBroker(brokerOptions);
  const broker = await startBroker();
  try {
    const kafka = createKafkaClient({ brokers: [broker.address], clientId: 'fault-stack', log: silentLog });
    const { partitions = 4 } = options;
    await ensureTopics(
      kafka,
      topicSpecs.map(({ name, config }) => ({ name, partitions, config })),
    );
    const proxy = options.proxied === true ? await startKafkaProxy({ broker: broker.address }) : undefined;
    const traffic = await (options.startTraffic?.(broker.address, directory) ??
      startFaultTraffic({
        brokers: broker.address,
        history: options.history ?? createFaultHistory({ seed: options.seed, robots: 24 }),
        ratePerSecond: options.ratePerSecond ?? 500,
      }));
    return new Stack({ options, directory, kafka, proxy, traffic, broker, startBroker });
  } catch (thrown) {
    await broker.kill();
    throw thrown;
  }
}

interface StackParts {
  readonly options: FaultStackOptions;
  readonly directory: string;
  readonly kafka: ReturnType<typeof createKafkaClient>;
  readonly proxy: KafkaProxy | undefined;
  readonly traffic: FaultTraffic;
  readonly broker: LocalProcess;
  readonly startBroker: () => Promise<LocalProcess>;
}

class Stack implements FaultStack {
  readonly directory: string;
  readonly brokers: string;
  readonly traffic: FaultTraffic;
  readonly proxy: KafkaProxy | undefined;
  readonly #parts: StackParts;
  readonly #ports = new Map<number, number>();
  readonly #spawned = new Set<FaultProcessor>();
  readonly #atEnd: (() => Promise<void>)[] = [];
  #broker: LocalProcess;

  constructor(parts: StackParts) {
    this.#parts = parts;
    this.directory = parts.directory;
    this.brokers = parts.broker.address;
    this.traffic = parts.traffic;
    this.proxy = parts.proxy;
    this.#broker = parts.broker;
  }

  stateDir(slot: number): string {
    return join(this.directory, `state-${slot}`);
  }

  async spawn(slot: number, { environment = {}, program, stateDir }: SpawnOptions = {}): Promise<FaultProcessor> {
    const { options } = this.#parts;
    const { root, nodeFile, stop } = options.context;
    const port = this.#ports.get(slot) ?? (await findFreePort());
    this.#ports.set(slot, port);
    const processor = spawnFaultProcessor({
      ...{ root, nodeFile, stop, port },
      ...(program === undefined ? {} : { program }),
      environment: {
        PROCESSOR_GROUP_ID: faultGroupId,
        PROCESSOR_STATE_DIR: stateDir ?? this.stateDir(slot),
        PROCESSOR_CHECKPOINT_URL: pathToFileURL(join(this.directory, 'checkpoints')).href,
        PROCESSOR_SESSION_TIMEOUT_MS: '2000',
        PROCESSOR_STATE_INTERVAL_MS: '300',
        PROCESSOR_CHECKPOINT_INTERVAL_MS: '1000',
        PROCESSOR_TICK_INTERVAL_MS: '200',
        // Fewer than there are robots, so that states are read back.
        PROCESSOR_CACHE_ENTRIES: '10',
        PROCESSOR_MEMTABLE_BYTES: String(256 * 1024),
        PROCESSOR_OFFLINE_AFTER_MS: String(faultOfflineAfterMs),
        KAFKA_BROKERS: this.proxy?.address ?? this.brokers,
        ...options.environment,
        ...environment,
      },
      logFile: join(this.directory, `processor-${slot}.log`),
    });
    this.#spawned.add(processor);
    void processor.exited.then(() => this.#spawned.delete(processor));
    return processor;
  }

  async killBroker(): Promise<void> {
    await this.#broker.kill();
  }

  async restartBroker(): Promise<void> {
    this.#broker = await this.#parts.startBroker();
  }

  async committed(): Promise<ReadonlyMap<number, number>> {
    return fetchCommitted(this.#parts.kafka, faultGroupId, topics.events);
  }

  async progressed(since: ReadonlyMap<number, number>, timeoutMs = settleWithinMs): Promise<number> {
    const { partitions = 4, context } = this.#parts.options;
    const all = Array.from({ length: partitions }, (_, partition) => partition);
    return until(
      'every partition commits again',
      async () => {
        const now = await this.committed();
        return all.every((partition) => (now.get(partition) ?? 0) > (since.get(partition) ?? 0));
      },
      { stop: context.stop, timeoutMs },
    );
  }

  async caughtUp(): Promise<void> {
    const { kafka, options } = this.#parts;
    await until(
      'all that was appended is committed',
      async () => {
        const committed = await this.committed();
        const ends = await fetchOffsets(kafka, topics.events);
        return [...ends].every(([partition, { end }]) => (committed.get(partition) ?? 0) >= end);
      },
      { stop: options.context.stop, timeoutMs: settleWithinMs },
    );
  }

  async verify(processors: readonly FaultProcessor[]): Promise<RunFigures> {
    await this.traffic.pause();
    await this.caughtUp();
    const served = await this.#fetchStates(processors);
    await Promise.all(processors.map((processor) => processor.end()));
    return verifyRun({
      ...{ brokers: [this.brokers], groupId: faultGroupId, served, log: silentLog },
      fold: createRobotFold({ ...defaultRobotRules, offlineAfterMs: faultOfflineAfterMs }),
      countFolded: countRobotEvents,
      journal: toAsync(this.traffic.journal),
      ...(this.#parts.options.isLoad === undefined ? {} : { isLoad: this.#parts.options.isLoad }),
    });
  }

  atEnd(work: () => Promise<void>): void {
    this.#atEnd.push(work);
  }

  async end(keep: boolean): Promise<void> {
    await Promise.all([...this.#spawned].map((processor) => processor.kill()));
    await this.traffic.stop();
    await this.proxy?.stop();
    await this.#broker.kill();
    for (const work of this.#atEnd) await work();
    if (keep) this.#parts.options.context.say(`what was left is in ${this.directory}`);
    else await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Any instance answers for all of them, once every partition has its owner. */
  async #fetchStates(processors: readonly FaultProcessor[]): Promise<ServedStates> {
    const { partitions = 4, context } = this.#parts.options;
    let served: ServedStates | undefined;
    let index = 0;
    await until(
      'the states of all partitions are served',
      async () => {
        served = await processors[index++ % processors.length]?.fetchStates().catch(() => undefined);
        return served?.asOf.length === partitions;
      },
      { stop: context.stop, timeoutMs: settleWithinMs },
    );
    return served ?? { robots: [], asOf: [] };
  }
}

/** How many events of its robot a state says it folded. */
function countRobotEvents({ counters }: RobotState): number {
  return Object.entries(counters.perType).reduce(
    (sum, [type, count]) => sum + (type.startsWith('robot.') ? count : 0),
    0,
  );
}

// eslint-disable-next-line @typescript-eslint/require-await -- a list handed to one who takes streams
async function* toAsync<Item>(items: readonly Item[]): AsyncGenerator<Item, void, undefined> {
  yield* items;
}
