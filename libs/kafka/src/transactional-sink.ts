import { AppError, type Log, toAppError, toMessage } from '@fleetstream/kernel';
import { type Kafka } from 'kafkajs';
import { createCluster, type InsideCluster } from './kafkajs-inside.ts';
import { openTransactionSession } from './open-transaction-session.ts';
import { type GroupMember } from './protocol/transaction-requests.ts';
import { isFenced } from './retry-transient.ts';
import { runTransaction, type TransactionSession } from './run-transaction.ts';
import { settleCommittedOffset } from './settle-committed-offset.ts';

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
   * One transaction: all outputs and `nextOffset`, or nothing. With `member` the group, too, refuses it once the
   * partition may have been given to another member (KIP-447).
   *
   * @throws AppError FS_TASK_FENCED when a newer holder has opened, or the group knows no such member any more;
   * FS_COMMIT_OUTCOME_UNKNOWN for everything else, also where the transaction certainly did not commit: the caller has
   * to open and ask either way
   */
  commit(transaction: {
    readonly outputs: readonly SinkRecord[];
    readonly nextOffset: number;
    readonly member?: GroupMember;
  }): Promise<void>;
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
  /** The newest kind of transaction to use; what the cluster doesn't know is not used. 2 (KIP-890) when left out. */
  readonly transactionVersion?: 1 | 2;
  /** How long a request is repeated while the broker answers that it can't carry it out yet; 10 s when left out. */
  readonly stepWithinMs?: number;
}

/** Creates without connecting. See {@link TransactionalSink}. */
export function createTransactionalSink(options: TransactionalSinkOptions): TransactionalSink {
  const { transactionalId, partition } = options;
  const context = { transactionalId, partition };
  let opened: { readonly cluster: InsideCluster; readonly session: TransactionSession } | undefined;

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
        const session = await openTransactionSession(cluster, options);
        // Only now: the fencing has settled whatever the predecessor had begun.
        const committed = await settleCommittedOffset(cluster, session, options);
        opened = { cluster, session };
        return committed;
      } catch (thrown) {
        await cluster.disconnect();
        throw toAppError(thrown, 'FS_BROKER_UNAVAILABLE', `The sink of partition ${partition} did not open`, context);
      }
    },
    commit: async ({ outputs, nextOffset, member }) => {
      if (opened === undefined) {
        throw new AppError('FS_COMMIT_OUTCOME_UNKNOWN', `The sink of partition ${partition} is not open`, { context });
      }
      try {
        await runTransaction(opened.session, { outputs, nextOffset, member });
      } catch (thrown) {
        await discard();
        const code = isFenced(thrown) ? 'FS_TASK_FENCED' : 'FS_COMMIT_OUTCOME_UNKNOWN';
        const message = `The transaction of partition ${partition} up to ${nextOffset} failed`;
        throw new AppError(code, `${message}: ${toMessage(thrown)}`, { cause: thrown, context });
      }
    },
    close: discard,
  };
}
