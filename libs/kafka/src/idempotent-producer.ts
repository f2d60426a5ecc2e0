import { AppError } from '@fleetstream/kernel';
import { type Kafka } from 'kafkajs';
import { type LogPosition } from './append-record.ts';
import { createCluster, forgetBroken, type InsideCluster, toProtocolError } from './kafkajs-inside.ts';
import { partitionForKey } from './partition-for-key.ts';
import { FrameWriter } from './protocol/frame-writer.ts';
import {
  beginProduce,
  beginProducePartition,
  beginProduceTopic,
  endProduce,
  endProducePartition,
  endProduceTopic,
  readProduceAnswer,
} from './protocol/produce-request.ts';
import { ProtocolError } from './protocol/protocol-error.ts';
import { type ProducerIdentity, RecordBatchWriter } from './protocol/record-batch-writer.ts';
import { sendFrame } from './protocol/send-frame.ts';
import { readInitProducerIdAnswer, writeInitProducerId } from './protocol/transaction-requests.ts';
import { isTransient, retryTransient } from './retry-transient.ts';

/** A record as it goes into a batch. */
export interface ProduceRecord {
  readonly topic: string;
  readonly key: string;
  readonly value: Buffer | string;
  /** As `encodeHeaders` made it. */
  readonly headers: Buffer;
  /** Chosen by the key when left out. */
  readonly partition?: number;
}

/** One producer id of the broker's. After a failed `send` it is worth nothing: nobody knows its sequence numbers. */
export interface IdempotentProducer {
  /**
   * One request for each leader, with acks=all. Resolves when every record is acknowledged, with their places in the
   * order given. Sends must not overlap.
   *
   * @throws ProtocolError, or kafkajs's errors of a connection: any part may have been appended
   */
  send(records: readonly ProduceRecord[]): Promise<LogPosition[]>;
  /** Gives up whatever is on its way. */
  close(): Promise<void>;
}

const identityWithinMs = 5000;
const initProducerIdVersion = 1;
const produceVersion = 7;
const produceTimeoutMs = 10_000;
/** Of one batch; the broker knows the repetition by its sequence number. The sender, who can dedup, decides on more. */
const maxTries = 3;
const retryDelayMs = 100;

/** Connects, proves that the topics exist, and gets a producer id. */
export async function openIdempotentProducer(kafka: Kafka, topics: readonly string[]): Promise<IdempotentProducer> {
  const cluster = createCluster(kafka, 'uncommitted');
  try {
    await cluster.connect();
    await cluster.addMultipleTargetTopics(topics);
    const broker = await cluster.findControllerBroker();
    const { clientId } = await broker.connectionPool.getConnection(0);
    const request = { clientId, transactionalId: null, transactionTimeoutMs: 0 };
    const frame = writeInitProducerId(new FrameWriter(), initProducerIdVersion, request);
    // A broker that has just started has no producer ids to give yet.
    const identity = await retryTransient(identityWithinMs, async () =>
      readInitProducerIdAnswer(await sendFrame(broker, 'InitProducerId', frame), initProducerIdVersion),
    );
    return new Producer(cluster, clientId, identity);
  } catch (thrown) {
    await cluster.disconnect();
    throw thrown;
  }
}

/** What goes to one partition of one topic: exactly one batch. */
interface Share {
  readonly topic: string;
  readonly partition: number;
  readonly records: ProduceRecord[];
  /** Of the broker, once it is acknowledged. */
  baseOffset: number | undefined;
}

class Producer implements IdempotentProducer {
  readonly #cluster: InsideCluster;
  readonly #clientId: string | null;
  readonly #identity: ProducerIdentity;
  readonly #sequences = new Map<string, number>();
  readonly #writers = new Map<number, FrameWriter>();
  readonly #topics = new Set<string>();
  #closed = false;

  constructor(cluster: InsideCluster, clientId: string | null, identity: ProducerIdentity) {
    this.#cluster = cluster;
    this.#clientId = clientId;
    this.#identity = identity;
  }

  async send(records: readonly ProduceRecord[]): Promise<LogPosition[]> {
    await this.#learnTopics(records);
    const { shares, places } = this.#share(records);
    try {
      await this.#sendAll(shares);
    } finally {
      // A repetition that went on while it was closed has connected again.
      if (this.#isClosed()) await this.#cluster.disconnect();
    }
    for (const { topic, partition, records: sent } of shares) {
      const place = `${topic}/${partition}`;
      this.#sequences.set(place, ((this.#sequences.get(place) ?? 0) + sent.length) % 2 ** 31);
    }
    return places.map(({ share, index }) => ({
      partition: share.partition,
      offset: (share.baseOffset ?? Number.NaN) + index,
    }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#cluster.disconnect();
  }

  #isClosed(): boolean {
    return this.#closed;
  }

  async #learnTopics(records: readonly ProduceRecord[]): Promise<void> {
    const unknown = new Set<string>();
    for (const { topic } of records) if (!this.#topics.has(topic)) unknown.add(topic);
    if (unknown.size === 0) return;
    await this.#cluster.addMultipleTargetTopics([...unknown]);
    for (const topic of unknown) this.#topics.add(topic);
  }

  async #sendAll(shares: readonly Share[]): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const failure = await this.#sendOpen(shares.filter(({ baseOffset }) => baseOffset === undefined));
      if (failure === undefined) return;
      if (this.#isClosed() || tries === maxTries || !isRepeatable(failure)) throw failure;
      forgetBroken(this.#cluster, failure);
      await new Promise((resolve) => setTimeout(resolve, retryDelayMs * tries));
      if (this.#isClosed()) throw failure;
      await this.#cluster.refreshMetadata();
    }
  }

  /** Records of a partition keep their order. */
  #share(records: readonly ProduceRecord[]): {
    readonly shares: readonly Share[];
    readonly places: readonly { readonly share: Share; readonly index: number }[];
  } {
    const shares = new Map<string, Share>();
    const counts = new Map<string, number>();
    const places = records.map((record) => {
      const { topic } = record;
      const count = counts.get(topic) ?? this.#cluster.findTopicPartitionMetadata(topic).length;
      if (count === 0) throw new AppError('FS_BROKER_UNAVAILABLE', `There is no topic ${topic}`);
      counts.set(topic, count);
      const partition = record.partition ?? partitionForKey(record.key, count);
      const name = `${topic}/${partition}`;
      let share = shares.get(name);
      if (share === undefined) shares.set(name, (share = { topic, partition, records: [], baseOffset: undefined }));
      return { share, index: share.records.push(record) - 1 };
    });
    return { shares: [...shares.values()], places };
  }

  /** @returns what kept a share from being acknowledged; one that can't be mended outweighs one that can */
  async #sendOpen(open: readonly Share[]): Promise<Error | undefined> {
    const byLeader = new Map<number, Share[]>();
    for (const share of open) {
      const found = this.#cluster
        .findTopicPartitionMetadata(share.topic)
        .find(({ partitionId }) => partitionId === share.partition);
      if (found === undefined) {
        return new AppError('FS_BROKER_UNAVAILABLE', `${share.topic} has no partition ${share.partition}`);
      }
      byLeader.set(found.leader, [...(byLeader.get(found.leader) ?? []), share]);
    }
    // All of them are awaited: a request still on its way must not meet the next batch.
    const outcomes = await Promise.allSettled(
      [...byLeader].map(async ([nodeId, shares]) => {
        await this.#sendTo(nodeId, shares);
      }),
    );
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [toError(outcome.reason)] : []));
    return failures.find((failure) => !isRepeatable(failure)) ?? failures[0];
  }

  async #sendTo(nodeId: number, shares: readonly Share[]): Promise<void> {
    const broker = await this.#cluster.findBroker({ nodeId });
    const writer = this.#writers.get(nodeId) ?? new FrameWriter();
    // A frame without an answer may still lie in a queue: its buffer is not used again.
    this.#writers.delete(nodeId);
    const answer = readProduceAnswer(await sendFrame(broker, 'Produce', this.#encode(writer, shares)), produceVersion);
    this.#writers.set(nodeId, writer);
    let failure: ProtocolError | undefined;
    for (const share of shares) {
      const { topic, partition } = share;
      const produced = answer.find((found) => found.topic === topic && found.partition === partition);
      if (produced?.errorCode === 0 && produced.baseOffset >= 0) share.baseOffset = produced.baseOffset;
      else {
        const error = new ProtocolError(produced?.errorCode ?? -1, `Produce to ${topic}/${partition}`);
        if (failure === undefined || isRepeatable(failure)) failure = error;
      }
    }
    if (failure !== undefined) throw failure;
  }

  /** The same shares give the same batches again, but for their timestamps, which the broker doesn't compare. */
  #encode(writer: FrameWriter, shares: readonly Share[]): Buffer {
    const byTopic = new Map<string, Share[]>();
    for (const share of shares) byTopic.set(share.topic, [...(byTopic.get(share.topic) ?? []), share]);
    const head = { version: produceVersion, clientId: this.#clientId, transactionalId: null } as const;
    const timestampMs = Date.now();
    const batch = new RecordBatchWriter(writer);
    beginProduce(writer, { ...head, timeoutMs: produceTimeoutMs, topicCount: byTopic.size });
    for (const [topic, ofTopic] of byTopic) {
      beginProduceTopic(writer, topic, ofTopic.length);
      for (const { partition, records } of ofTopic) {
        const begun = beginProducePartition(writer, partition);
        const firstSequence = this.#sequences.get(`${topic}/${partition}`) ?? 0;
        batch.begin({ ...this.#identity, firstSequence, isTransactional: false, timestampMs });
        for (const { key, value, headers } of records) batch.add(key, value, headers);
        batch.end();
        endProducePartition(writer, begun);
      }
      endProduceTopic(writer);
    }
    return endProduce(writer);
  }
}

/** Repeating a batch is safe whatever became of it; these are the failures where it may help. */
function isRepeatable(failure: Error): boolean {
  return isTransient(failure) || (toProtocolError(failure) === undefined && failure.name.startsWith('KafkaJSConn'));
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
