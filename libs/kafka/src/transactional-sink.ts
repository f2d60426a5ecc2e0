import { AppError, type Log, toAppError, toMessage } from '@fleetstream/kernel';
import { type Kafka } from 'kafkajs';
import { createCluster, type InsideCluster, type ProducerIdentity, transactionCoordinator } from './kafkajs-inside.ts';
import { fetchGroupOffsets } from './log-offsets.ts';
import { isFenced, retryTransient } from './retry-transient.ts';
import { runTransaction } from './run-transaction.ts';

/** A record to write; its partition is the sink's. */
export interface SinkRecord {
  readonly topic: string;
  readonly key: string | Buffer | null;
  /** `null` is a tombstone. */
  readonly value: string | Buffer | null;
  /** `content-type: application/cloudevents+json` when left out. */
  readonly headers?: Readonly<Record<string, string | Buffer>>;
}

/**
 * Writes one input partition's outputs together with the offset they were made from, exactly once.
 *
 * States: closed → `open` → open → `commit` … → closed. Any failure closes it: the next `open` gets a new producer
 * epoch, which ends whatever the old one left behind, and asks the broker what is committed.
 */
export interface TransactionalSink {
  /**
   * Fences every earlier holder of the transactional id, waits for what it had begun to be settled, and asks for the
   * committed offset.
   *
   * @returns the next input offset that the group has committed, `undefined` when it has none yet
   * @throws AppError FS_BROKER_UNAVAILABLE
   */
  open(): Promise<number | undefined>;
  /**
   * One transaction: all outputs and `nextOffset`, or nothing.
   *
   * @throws AppError FS_TASK_FENCED when a newer holder has opened; FS_COMMIT_OUTCOME_UNKNOWN for everything else,
   * also where the transaction certainly did not commit: the caller has to open and ask either way
   */
  commit(transaction: { readonly outputs: readonly SinkRecord[]; readonly nextOffset: number }): Promise<void>;
  close(): Promise<void>;
}

export interface TransactionalSinkOptions {
  readonly kafka: Kafka;
  /** One for each input partition, the same whoever owns it: that is what fences the one before. */
  readonly transactionalId: string;
  readonly groupId: string;
  readonly inputTopic: string;
  readonly partition: number;
  /** Every topic that outputs may go to; each needs the input's partition count. */
  readonly outputTopics: readonly string[];
  readonly log: Log;
  /** After this a transaction whose holder died is aborted by the broker. */
  readonly transactionTimeoutMs?: number;
}

export interface OpenSink {
  readonly cluster: InsideCluster;
  readonly producer: ProducerIdentity;
  /** The next sequence number by output topic; the broker checks that none is missing. */
  readonly sequences: Map<string, number>;
}

/** Creates without connecting. See {@link TransactionalSink}. */
export function createTransactionalSink(options: TransactionalSinkOptions): TransactionalSink {
  const { transactionalId, partition } = options;
  const context = { transactionalId, partition };
  let opened: OpenSink | undefined;

  async function discard(): Promise<void> {
    const old = opened;
    opened = undefined;
    await old?.cluster.disconnect().catch((thrown: unknown) => {
      options.log.warn({ ...context, reason: toMessage(thrown) }, 'a discarded sink did not disconnect');
    });
  }

  return {
    open: async () => {
      await discard();
      const cluster = createCluster(options.kafka, 'committed');
      try {
        const { producer, committed } = await openProducer(cluster, options);
        opened = { cluster, producer, sequences: new Map() };
        return committed;
      } catch (thrown) {
        await cluster.disconnect();
        throw toAppError(thrown, 'FS_BROKER_UNAVAILABLE', `The sink of partition ${partition} did not open`, context);
      }
    },
    commit: async (transaction) => {
      if (opened === undefined) {
        throw new AppError('FS_COMMIT_OUTCOME_UNKNOWN', `The sink of partition ${partition} is not open`, { context });
      }
      try {
        await runTransaction(opened, options, transaction);
      } catch (thrown) {
        await discard();
        const code = isFenced(thrown) ? 'FS_TASK_FENCED' : 'FS_COMMIT_OUTCOME_UNKNOWN';
        const message = `The transaction of partition ${partition} up to ${transaction.nextOffset} failed`;
        throw new AppError(code, `${message}: ${toMessage(thrown)}`, { cause: thrown, context });
      }
    },
    close: discard,
  };
}

const fenceWithinMs = 60_000;

async function openProducer(
  cluster: InsideCluster,
  options: TransactionalSinkOptions,
): Promise<{ producer: ProducerIdentity; committed: number | undefined }> {
  const { transactionalId, transactionTimeoutMs = 30_000, groupId, inputTopic, partition } = options;
  await cluster.connect();
  await cluster.addMultipleTargetTopics([inputTopic, ...options.outputTopics]);
  // Answers CONCURRENT_TRANSACTIONS until the markers of the predecessor's transaction are written: only then is the
  // committed offset below the last word on it.
  const producer = await retryTransient(fenceWithinMs, async () => {
    const coordinator = await cluster.findGroupCoordinator({
      groupId: transactionalId,
      coordinatorType: transactionCoordinator,
    });
    return await coordinator.initProducerId({ transactionalId, transactionTimeout: transactionTimeoutMs });
  });
  const offsets = await retryTransient(fenceWithinMs, () =>
    fetchGroupOffsets(cluster, groupId, inputTopic, [partition]),
  );
  return { producer, committed: offsets.get(partition) };
}
