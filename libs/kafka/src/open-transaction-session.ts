import { Coordinators } from './coordinators.ts';
import { type InsideCluster } from './kafkajs-inside.ts';
import { FrameWriter } from './protocol/frame-writer.ts';
import { readDescribeTransactionsAnswer, writeDescribeTransactions } from './protocol/describe-transactions-request.ts';
import { sendFrame } from './protocol/send-frame.ts';
import { readInitProducerIdAnswer, writeInitProducerId } from './protocol/transaction-requests.ts';
import { retryTransient } from './retry-transient.ts';
import { type TransactionSession } from './run-transaction.ts';
import { negotiateTransactions } from './transaction-protocol.ts';
import { type TransactionalSinkOptions } from './transactional-sink.ts';
import { OutputWriter } from './write-outputs.ts';

const fenceWithinMs = 60_000;

/**
 * Connects and takes over the transactional id. The broker answers CONCURRENT_TRANSACTIONS until the markers of the
 * predecessor's transaction are written: only then is the committed offset the last word on it.
 */
export async function openTransactionSession(
  cluster: InsideCluster,
  options: TransactionalSinkOptions,
): Promise<TransactionSession> {
  const { transactionalId, groupId, inputTopic, partition, outputTopics } = options;
  const { transactionTimeoutMs = 30_000, transactionVersion = 2, stepWithinMs = 10_000 } = options;
  await cluster.connect();
  await cluster.addMultipleTargetTopics([inputTopic, ...outputTopics]);
  const coordinators = new Coordinators(cluster, { transaction: transactionalId, group: groupId });
  const { clientId, protocol } = await retryTransient(fenceWithinMs, async () =>
    coordinators.with('transaction', async (broker) => {
      const connection = await broker.connectionPool.getConnection(0);
      const { clientId } = connection;
      return { clientId, protocol: await negotiateTransactions(broker, clientId, transactionVersion) };
    }),
  );
  // Before the fencing, which takes the transactional id to another state.
  const asked = writeDescribeTransactions(new FrameWriter(), { clientId, transactionalId });
  const endedAs = protocol.describesProducers
    ? await coordinators.with('transaction', async (broker) =>
        readDescribeTransactionsAnswer(await sendFrame(broker, 'DescribeTransactions', asked)),
      )
    : undefined;
  const version = protocol.initProducerId;
  const frame = writeInitProducerId(new FrameWriter(), version, { clientId, transactionalId, transactionTimeoutMs });
  const identity = await retryTransient(fenceWithinMs, async () =>
    coordinators.with('transaction', async (broker) =>
      readInitProducerIdAnswer(await sendFrame(broker, 'InitProducerId', frame), version),
    ),
  );
  const target = { cluster, clientId, transactionalId, partition, version: protocol.produce };
  const outputs = new OutputWriter(target);
  const names = { clientId, transactionalId, groupId, inputTopic, partition };
  const writers = { offsetWriter: new FrameWriter(), endWriter: new FrameWriter() };
  return { ...names, ...writers, stepWithinMs, protocol, coordinators, outputs, identity, endedAs };
}
