import { type Coordinators } from './coordinators.ts';
import { type FrameWriter } from './protocol/frame-writer.ts';
import { type ProducerIdentity } from './protocol/record-batch-writer.ts';
import { sendFrame } from './protocol/send-frame.ts';
import {
  type GroupMember,
  readEndTxnAnswer,
  readTxnOffsetCommitAnswer,
  writeEndTxn,
  writeTxnOffsetCommit,
} from './protocol/transaction-requests.ts';
import { isFenced, retryTransient } from './retry-transient.ts';
import { type TransactionProtocol } from './transaction-protocol.ts';
import { type SinkRecord } from './transactional-sink.ts';
import { type OutputWriter } from './write-outputs.ts';

/** What a producer has from its opening to its first failure. */
export interface TransactionSession {
  readonly clientId: string | null;
  readonly transactionalId: string;
  readonly groupId: string;
  readonly inputTopic: string;
  readonly partition: number;
  /** For each request's repetitions. */
  readonly stepWithinMs: number;
  readonly protocol: TransactionProtocol;
  readonly coordinators: Coordinators;
  readonly outputs: OutputWriter;
  /** One for each kind of request, so that no frame is overwritten while it is on its way. */
  readonly offsetWriter: FrameWriter;
  readonly endWriter: FrameWriter;
  /** The broker gives a new one with the end of each transaction of version 2. */
  identity: ProducerIdentity;
  /** The state in which the transactional id was found, such as CompleteCommit. */
  readonly endedAs: string | undefined;
}

export interface Transaction {
  readonly outputs: readonly SinkRecord[];
  readonly nextOffset: number;
  readonly member: GroupMember | undefined;
}

/**
 * One transaction: outputs and offset side by side, then the end. In version 2 (KIP-890) the broker adds what is
 * written to by itself, so these are all the requests there are: two round trips. In version 1 (KIP-98) the output
 * partitions and the group are added first. Throws whatever went wrong; the session is worth nothing then.
 */
export async function runTransaction(session: TransactionSession, transaction: Transaction): Promise<void> {
  const { outputs } = transaction;
  if (session.protocol.transactionVersion === 1) {
    await addToTransaction(session, [...new Set(outputs.map(({ topic }) => topic))], true);
  }
  // Both are awaited before anything is thrown: a request still on its way must not meet the next transaction.
  const outcomes = await Promise.allSettled([
    commitOffset(session, transaction),
    session.outputs.write(outputs, session.identity, session.stepWithinMs),
  ]);
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
  if (failures.length > 0) throw failures.find(isFenced) ?? failures[0];
  await endTransaction(session, true);
}

async function commitOffset(session: TransactionSession, { nextOffset, member }: Transaction): Promise<void> {
  const { clientId, transactionalId, groupId, inputTopic, partition, identity } = session;
  const version = session.protocol.txnOffsetCommit;
  const request = { clientId, transactionalId, groupId, ...identity, topic: inputTopic, partition, nextOffset, member };
  const frame = writeTxnOffsetCommit(session.offsetWriter, version, request);
  await retryTransient(session.stepWithinMs, async () => {
    await session.coordinators.with('group', async (broker) => {
      readTxnOffsetCommitAnswer(await sendFrame(broker, 'TxnOffsetCommit', frame), version);
    });
  });
}

/**
 * Repeated only when the broker answered that it did nothing. After a lost connection its outcome is unknown, and in
 * version 1 a late repetition could end the transaction after it.
 */
export async function endTransaction(session: TransactionSession, commits: boolean): Promise<void> {
  const { clientId, transactionalId, identity } = session;
  const version = session.protocol.endTxn;
  const frame = writeEndTxn(session.endWriter, version, { clientId, transactionalId, ...identity, commits });
  const next = await retryTransient(session.stepWithinMs, async () =>
    session.coordinators.with('transaction', async (broker) =>
      readEndTxnAnswer(await sendFrame(broker, 'EndTxn', frame), version),
    ),
  );
  if (next === undefined) return;
  session.identity = next;
  session.outputs.restartSequences();
}

/** Adds the partitions of `outputTopics`, and with `offset` the group, to the transaction, which begins with it. */
export async function addToTransaction(
  session: TransactionSession,
  outputTopics: readonly string[],
  offset: boolean,
): Promise<void> {
  const { transactionalId, groupId, partition, identity, coordinators } = session;
  const head = { transactionalId, ...identity };
  const topics = outputTopics.map((topic) => ({ topic, partitions: [partition] }));
  if (offset) {
    await retryTransient(session.stepWithinMs, async () =>
      coordinators.with('transaction', (broker) => broker.addOffsetsToTxn({ ...head, groupId })),
    );
  }
  if (topics.length === 0) return;
  await retryTransient(session.stepWithinMs, async () =>
    coordinators.with('transaction', (broker) => broker.addPartitionsToTxn({ ...head, topics })),
  );
}
