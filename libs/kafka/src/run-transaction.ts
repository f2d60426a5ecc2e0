import { AppError } from '@fleetstream/kernel';
import { type InsideBroker, type InsideMessage, transactionCoordinator } from './kafkajs-inside.ts';
import { retryTransient } from './retry-transient.ts';
import { type OpenSink, type SinkRecord, type TransactionalSinkOptions } from './transactional-sink.ts';

/** Below the broker's default `max.message.bytes` (1,048,588), which counts a whole batch. */
const maxBatchBytes = 900_000;
/** Length fields, header names and the like: an upper bound for what a record costs beside its bytes. */
const recordOverheadBytes = 160;
const stepWithinMs = 10_000;
const produceTimeoutMs = 10_000;
const cloudEventHeaders = { 'content-type': 'application/cloudevents+json' };

/**
 * One transaction on an open sink, in the four steps of KIP-98: add the output partitions and the group, write the
 * outputs, write the offset, end. Throws whatever went wrong; the sink's caller must then open anew.
 */
export async function runTransaction(
  sink: OpenSink,
  options: TransactionalSinkOptions,
  transaction: { readonly outputs: readonly SinkRecord[]; readonly nextOffset: number },
): Promise<void> {
  const { transactionalId, groupId, partition, inputTopic } = options;
  const identity = { transactionalId, ...sink.producer };
  const batches = toBatches(transaction.outputs);
  const topics = [...new Set(batches.map(({ topic }) => topic))].map((topic) => ({ topic, partitions: [partition] }));
  const coordinator = () =>
    sink.cluster.findGroupCoordinator({ groupId: transactionalId, coordinatorType: transactionCoordinator });

  await retryTransient(stepWithinMs, async () => await (await coordinator()).addOffsetsToTxn({ ...identity, groupId }));
  const offsetWritten = retryTransient(stepWithinMs, async () => {
    const group = await sink.cluster.findGroupCoordinator({ groupId });
    const offsets = [{ partition, offset: String(transaction.nextOffset) }];
    await group.txnOffsetCommit({ ...identity, groupId, topics: [{ topic: inputTopic, partitions: offsets }] });
  });
  const outputsWritten = (async () => {
    if (topics.length === 0) return;
    await retryTransient(stepWithinMs, async () => (await coordinator()).addPartitionsToTxn({ ...identity, topics }));
    for (const batch of batches) await produce(sink, options, batch);
  })();
  // Both are awaited before anything is thrown: a request still on its way must not meet the next transaction.
  const outcomes = await Promise.allSettled([offsetWritten, outputsWritten]);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  // Never repeated: its outcome is unknown after a failure, and a late repetition could end the transaction after it.
  await (await coordinator()).endTxn({ ...identity, transactionResult: true });
}

interface OutputBatch {
  readonly topic: string;
  readonly messages: InsideMessage[];
  sizeBytes: number;
}

/** Per topic in order, cut so that no batch is larger than a broker takes. */
function toBatches(outputs: readonly SinkRecord[]): OutputBatch[] {
  const batches: OutputBatch[] = [];
  const filling = new Map<string, OutputBatch>();
  for (const { topic, key, value, headers = cloudEventHeaders } of outputs) {
    const sizeBytes = recordOverheadBytes + byteLength(key) + byteLength(value) + headerBytes(headers);
    let batch = filling.get(topic);
    if (batch === undefined || batch.sizeBytes + sizeBytes > maxBatchBytes) {
      batch = { topic, messages: [], sizeBytes: 0 };
      batches.push(batch);
      filling.set(topic, batch);
    }
    batch.messages.push({ key, value, headers });
    batch.sizeBytes += sizeBytes;
  }
  return batches;
}

function byteLength(bytes: string | Buffer | null): number {
  if (bytes === null) return 0;
  return typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length;
}

function headerBytes(headers: Readonly<Record<string, string | Buffer>>): number {
  if (headers === cloudEventHeaders) return 0;
  return Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + byteLength(value) + 8, 0);
}

async function produce(sink: OpenSink, options: TransactionalSinkOptions, batch: OutputBatch): Promise<void> {
  const { topic, messages } = batch;
  const firstSequence = sink.sequences.get(topic) ?? 0;
  await retryTransient(stepWithinMs, async () => {
    const leader = await findLeader(sink, topic, options.partition);
    try {
      await leader.produce({
        transactionalId: options.transactionalId,
        ...sink.producer,
        acks: -1,
        timeout: produceTimeoutMs,
        topicData: [{ topic, partitions: [{ partition: options.partition, firstSequence, messages }] }],
      });
    } catch (thrown) {
      // The leader may have moved; the repetition carries the same sequence numbers, so it can't be written twice.
      await sink.cluster.refreshMetadata();
      throw thrown;
    }
  });
  // Sequence numbers are 31 bits and wrap to 0.
  sink.sequences.set(topic, (firstSequence + messages.length) % 2 ** 31);
}

async function findLeader(sink: OpenSink, topic: string, partition: number): Promise<InsideBroker> {
  const found = sink.cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition);
  if (found === undefined) {
    throw new AppError('FS_BROKER_UNAVAILABLE', `${topic} has no partition ${partition}`);
  }
  return await sink.cluster.findBroker({ nodeId: found.leader });
}
