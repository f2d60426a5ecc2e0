import { AppError, type Log, toAppError, toMessage } from '@fleetstream/kernel';
import { type Kafka } from 'kafkajs';
import { createFetchLog, type FetchedPartition } from './fetch-log.ts';
import { createCluster, forgetBroken, type InsideCluster } from './kafkajs-inside.ts';
import { fetchRanges, type OffsetRange } from './log-offsets.ts';
import { createLogReader, type BufferingReader, type LogReader } from './log-reader.ts';
import { byLeader } from './read-log.ts';

/** Reads the partitions of one topic side by side, each from where its reader says. It belongs to no group. */
export interface LogSource {
  start(): Promise<void>;
  /** How far the partition's log reaches now. @throws AppError FS_BROKER_UNAVAILABLE */
  offsets(partition: number): Promise<OffsetRange>;
  /** Begins reading; a partition has one reader at a time. */
  read(partition: number, fromOffset: number): LogReader;
  stop(): Promise<void>;
}

export interface LogSourceOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly log: Log;
  /** How long a fetch waits at the broker when there is nothing new. */
  readonly maxWaitMs?: number;
  readonly maxPartitionBytes?: number;
  /** How many fetched bytes a partition may have lying ready before it is left out of fetches. */
  readonly maxBufferedBytes?: number;
}

const maxFetchBytes = 16 * 1024 * 1024;
const offsetOutOfRange = 1;
const anyNode = -1;
const firstDelayMs = 50;
const maxDelayMs = 2000;

/**
 * One fetch at a time for each leading broker, holding every partition whose reader has room. Brokers that don't
 * answer are asked again at growing distance; readers just wait meanwhile.
 */
export function createLogSource(options: LogSourceOptions): LogSource {
  const { kafka, topic } = options;
  const cluster = createCluster(kafka, 'committed');
  const fetches = new FetchLoop(cluster, options);
  return {
    start: async () => {
      try {
        await cluster.connect();
        await cluster.addMultipleTargetTopics([topic]);
      } catch (thrown) {
        throw toAppError(thrown, 'FS_BROKER_UNAVAILABLE', `The broker did not tell who leads ${topic}`, { topic });
      }
    },
    offsets: async (partition) => {
      try {
        const range = (await fetchRanges(cluster, topic)).get(partition);
        if (range !== undefined) return range;
        throw new AppError('FS_BROKER_UNAVAILABLE', `${topic} has no partition ${partition}`);
      } catch (thrown) {
        forgetBroken(cluster, thrown);
        throw toAppError(thrown, 'FS_BROKER_UNAVAILABLE', `The broker did not tell the offsets of ${topic}`, { topic });
      }
    },
    read: (partition, fromOffset) => fetches.addReader(partition, fromOffset),
    stop: async () => {
      await fetches.stop();
    },
  };
}

class FetchLoop {
  private readonly cluster: InsideCluster;
  private readonly options: LogSourceOptions;
  private readonly fetchLog = createFetchLog();
  private readonly readers = new Map<number, BufferingReader>();
  /** What is on its way, by leading node; a recovery that concerns all of them stands under `anyNode`. */
  private readonly running = new Map<number, Promise<void>>();
  private delayMs = 0;
  private stopping = false;

  constructor(cluster: InsideCluster, options: LogSourceOptions) {
    this.cluster = cluster;
    this.options = options;
  }

  addReader(partition: number, fromOffset: number): LogReader {
    const reader = createLogReader(
      partition,
      fromOffset,
      () => {
        this.pump();
      },
      () => {
        if (this.readers.get(partition) === reader) this.readers.delete(partition);
      },
    );
    this.readers.set(partition, reader);
    this.pump();
    return reader;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    for (const reader of this.readers.values()) reader.close();
    await this.cluster.disconnect();
    await Promise.all(this.running.values());
  }

  private pump(): void {
    if (this.stopping || this.running.has(anyNode)) return;
    const maxBufferedBytes = this.options.maxBufferedBytes ?? 2 * 1024 * 1024;
    const ready = [...this.readers.values()].filter((reader) => reader.hasRoom(maxBufferedBytes));
    if (ready.length === 0) return;
    try {
      const partitions = ready.map((reader) => reader.partition);
      for (const [nodeId, led] of byLeader(this.cluster, this.options.topic, partitions)) {
        if (!this.running.has(nodeId)) this.run(nodeId, this.fetchFrom(nodeId, led));
      }
    } catch (thrown) {
      this.run(anyNode, this.recover(thrown));
    }
  }

  private run(nodeId: number, work: Promise<void>): void {
    this.running.set(
      nodeId,
      work.finally(() => {
        this.running.delete(nodeId);
        this.pump();
      }),
    );
  }

  private async fetchFrom(nodeId: number, partitions: readonly number[]): Promise<void> {
    const asked = partitions.flatMap((partition) => this.readers.get(partition) ?? []);
    try {
      const answer = await this.fetchLog(await this.cluster.findBroker({ nodeId }), {
        topic: this.options.topic,
        positions: asked.map(({ partition, nextFetchOffset: offset }) => ({ partition, offset })),
        isolation: 'committed',
        maxWaitMs: this.options.maxWaitMs ?? 100,
        maxBytes: maxFetchBytes,
        maxPartitionBytes: this.options.maxPartitionBytes ?? 1024 * 1024,
      });
      const problems = answer.map((fetched) => {
        const reader = asked.find(({ partition }) => partition === fetched.partition);
        return reader === undefined ? undefined : this.deliver(reader, fetched);
      });
      const problem = problems.find((found) => found !== undefined);
      if (problem !== undefined) throw problem;
      this.delayMs = 0;
    } catch (thrown) {
      await this.recover(thrown);
    }
  }

  /** @returns what a look at fresh metadata may mend */
  private deliver(reader: BufferingReader, fetched: FetchedPartition): Error | undefined {
    if (fetched.error === undefined) {
      reader.push(fetched);
      return undefined;
    }
    const { cause } = fetched.error;
    if (cause instanceof AppError) {
      reader.fail(cause);
      return undefined;
    }
    if (fetched.error.code !== offsetOutOfRange) return cause;
    const message = `Partition ${reader.partition} of ${this.options.topic} has no offset ${reader.nextFetchOffset}`;
    reader.fail(new AppError('FS_LOG_TRUNCATED', message, { cause }));
    return undefined;
  }

  private async recover(thrown: unknown): Promise<void> {
    if (this.stopping) return;
    const { topic, log } = this.options;
    this.delayMs = Math.min(Math.max(this.delayMs * 2, firstDelayMs), maxDelayMs);
    log.warn({ topic, reason: toMessage(thrown), delayMs: this.delayMs }, 'a fetch failed, trying again');
    forgetBroken(this.cluster, thrown);
    await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    await this.cluster.refreshMetadata().catch((failure: unknown) => {
      log.debug({ topic, reason: toMessage(failure) }, 'the metadata could not be refreshed');
    });
  }
}
