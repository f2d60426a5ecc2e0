import { AppError } from '@fleetstream/kernel';
import { type InsideBroker, type InsideCluster } from './kafkajs-inside.ts';
import { FrameWriter } from './protocol/frame-writer.ts';
import {
  beginProduce,
  beginProducePartition,
  beginProduceTopic,
  endProduce,
  endProducePartition,
  endProduceTopic,
  type ProduceVersion,
  readProduceAnswer,
} from './protocol/produce-request.ts';
import { ProtocolError } from './protocol/protocol-error.ts';
import { encodeHeaders, type ProducerIdentity, RecordBatchWriter } from './protocol/record-batch-writer.ts';
import { sendFrame } from './protocol/send-frame.ts';
import { backOff, isTransient } from './retry-transient.ts';
import { type SinkRecord } from './transactional-sink.ts';

/** Below the broker's default `max.message.bytes` (1,048,588), which counts a whole batch. */
const maxBatchBytes = 1_000_000;
const produceTimeoutMs = 10_000;
const cloudEventHeaders = encodeHeaders({ 'content-type': 'application/cloudevents+json' });

export interface OutputTarget {
  readonly cluster: InsideCluster;
  readonly clientId: string | null;
  readonly transactionalId: string;
  /** The same in every output topic. */
  readonly partition: number;
  readonly version: ProduceVersion;
}

interface Sending {
  readonly topic: string;
  readonly records: readonly SinkRecord[];
  /** The first that isn't acknowledged. */
  next: number;
  /** How many from `next` on are in the frame on its way. */
  inFlight: number;
}

/**
 * Writes the outputs of transactions with one producer identity. Each request holds one batch per topic, for all the
 * topics that a broker leads; what exceeds a batch follows when it is acknowledged, so that order is kept.
 *
 * Its buffers are used again and again and so grow to the largest transaction: a batch for each topic at most.
 */
export class OutputWriter {
  readonly #target: OutputTarget;
  /** One for each leader, since their requests are on their way at once. */
  readonly #writers = new Map<number, FrameWriter>();
  /** The next sequence number by topic; the broker checks that none is missing. */
  readonly #sequences = new Map<string, number>();

  constructor(target: OutputTarget) {
    this.#target = target;
  }

  /** To be called when the identity changed: sequences begin again at 0 with every epoch. */
  restartSequences(): void {
    this.#sequences.clear();
  }

  /**
   * Resolves when all are acknowledged by all replicas. What the broker refused for now is sent again, under the same
   * sequence numbers, so that nothing can be written twice.
   *
   * @throws ProtocolError, or kafkajs's errors of a connection; nothing is on its way then
   */
  async write(outputs: readonly SinkRecord[], identity: ProducerIdentity, withinMs: number): Promise<void> {
    let open = groupByTopic(outputs);
    const pause = backOff(withinMs);
    while (open.length > 0) {
      const outcomes = await Promise.allSettled(
        [...this.#byLeader(open)].map(async ([nodeId, led]) => {
          await this.#send(nodeId, led, identity);
        }),
      );
      const failure = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failure !== undefined) {
        if (!isTransient(failure.reason) || !(await pause())) throw failure.reason;
        // The leader may have moved.
        await this.#target.cluster.refreshMetadata();
      }
      open = open.filter(({ next, records }) => next < records.length);
    }
  }

  #byLeader(open: readonly Sending[]): Map<number, Sending[]> {
    const { cluster, partition } = this.#target;
    const grouped = new Map<number, Sending[]>();
    for (const sending of open) {
      const found = cluster
        .findTopicPartitionMetadata(sending.topic)
        .find(({ partitionId }) => partitionId === partition);
      if (found === undefined) {
        throw new AppError('FS_BROKER_UNAVAILABLE', `${sending.topic} has no partition ${partition}`);
      }
      const led = grouped.get(found.leader);
      if (led === undefined) grouped.set(found.leader, [sending]);
      else led.push(sending);
    }
    return grouped;
  }

  async #send(nodeId: number, led: readonly Sending[], identity: ProducerIdentity): Promise<void> {
    const broker: InsideBroker = await this.#target.cluster.findBroker({ nodeId });
    const frame = this.#encode(nodeId, led, identity);
    const answer = readProduceAnswer(await sendFrame(broker, 'Produce', frame), this.#target.version);
    let failure: ProtocolError | undefined;
    for (const sending of led) {
      const { topic } = sending;
      const produced = answer.find((found) => found.topic === topic && found.partition === this.#target.partition);
      if (produced?.errorCode === 0) {
        const sequence = this.#sequences.get(topic) ?? 0;
        this.#sequences.set(topic, nextSequence(sequence, sending.inFlight));
        sending.next += sending.inFlight;
      } else {
        const error = new ProtocolError(produced?.errorCode ?? -1, `Produce to ${topic}`, produced?.errorMessage);
        // One that can't be mended outweighs one that can.
        if (failure === undefined || isTransient(failure)) failure = error;
      }
    }
    if (failure !== undefined) throw failure;
  }

  #encode(nodeId: number, led: readonly Sending[], identity: ProducerIdentity): Buffer {
    const { version, clientId, transactionalId, partition } = this.#target;
    const writer = this.#writers.get(nodeId) ?? new FrameWriter();
    this.#writers.set(nodeId, writer);
    const batch = new RecordBatchWriter(writer);
    const timestampMs = Date.now();
    beginProduce(writer, { version, clientId, transactionalId, timeoutMs: produceTimeoutMs, topicCount: led.length });
    for (const sending of led) {
      beginProduceTopic(writer, sending.topic, 1);
      const begun = beginProducePartition(writer, partition);
      const firstSequence = this.#sequences.get(sending.topic) ?? 0;
      batch.begin({ ...identity, firstSequence, isTransactional: true, timestampMs });
      addRecords(batch, sending);
      batch.end();
      sending.inFlight = batch.count;
      endProducePartition(writer, begun);
      endProduceTopic(writer);
    }
    return endProduce(writer);
  }
}

/** As many as a batch takes, but one at least: whether that one is too large is the broker's to say. */
function addRecords(batch: RecordBatchWriter, { records, next }: Sending): void {
  for (let index = next; index < records.length; index += 1) {
    const record = records[index];
    if (record === undefined) return;
    const { headers } = record;
    batch.add(record.key, record.value, headers === undefined ? cloudEventHeaders : encodeHeaders(headers));
    if (batch.sizeBytes > maxBatchBytes && batch.count > 1) {
      batch.undo();
      return;
    }
  }
}

function groupByTopic(outputs: readonly SinkRecord[]): Sending[] {
  const byTopic = new Map<string, SinkRecord[]>();
  for (const output of outputs) {
    const records = byTopic.get(output.topic);
    if (records === undefined) byTopic.set(output.topic, [output]);
    else records.push(output);
  }
  return [...byTopic].map(([topic, records]) => ({ topic, records, next: 0, inFlight: 0 }));
}

/** Sequence numbers are 31 bits and wrap to 0. */
function nextSequence(sequence: number, count: number): number {
  return (sequence + count) % 2 ** 31;
}
