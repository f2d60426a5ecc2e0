import { type InsideCluster, toProtocolError } from './kafkajs-inside.ts';
import { readDescribeProducersAnswer, writeDescribeProducers } from './protocol/describe-producers-request.ts';
import { FrameWriter } from './protocol/frame-writer.ts';
import { readStableOffsetFetchAnswer, writeStableOffsetFetch } from './protocol/offset-fetch-request.ts';
import { sendFrame } from './protocol/send-frame.ts';
import { retryTransient } from './retry-transient.ts';
import { addToTransaction, endTransaction, type TransactionSession } from './run-transaction.ts';
import { type TransactionalSinkOptions } from './transactional-sink.ts';

const unstableOffsetCommit = 88;
/** Whatever else was found, a broker loses what it was about to commit: of that there is far more. */
const abortedStates: ReadonlySet<string> = new Set(['PrepareAbort', 'CompleteAbort']);
const settleWithinMs = 60_000;
/** The fencing has waited for the markers already; what is unstable for longer than this hangs. */
const hangsAfterMs = 2000;

/** `undefined` when the group has none yet. */
type Committed = { readonly stable: true; readonly offset: number | undefined } | { readonly stable: false };

/**
 * What the group has committed, once nothing of the predecessors is open any more.
 *
 * A broker that is killed between deciding a transaction and telling its partitions may, when it starts, take
 * partitions whose leader it does not know yet for deleted ones and call the transaction complete (seen with Kafka
 * 4.4). Its records and its offset then hang: nobody reads them or past them, and the markers of the *next*
 * transaction of the same producer would take them along, as outputs twice. They get the end that was decided: a commit
 * is decided only when all of it is written, so it is right also where some partitions have their marker already.
 *
 * @returns the next input offset; 0 where an abort took the only one there was
 */
export async function settleCommittedOffset(
  cluster: InsideCluster,
  session: TransactionSession,
  options: TransactionalSinkOptions,
): Promise<number | undefined> {
  const [outputs, committed] = await Promise.all([
    findHangingOutputs(cluster, session, options),
    fetchWhenStable(session),
  ]);
  if (outputs.length === 0 && committed.stable) return committed.offset;
  const { partition, log } = options;
  const commits = !abortedStates.has(session.endedAs ?? '');
  log.error(
    { partition, transactionalId: options.transactionalId, outputs, offset: !committed.stable, commits },
    'the broker lost the end of a transaction; it is given the one that was decided',
  );
  await addToTransaction(session, outputs, !committed.stable);
  await endTransaction(session, commits);
  const settled = await fetchWhenStable(session);
  if (!settled.stable) throw new Error(`The offset of partition ${partition} hangs in a transaction after its end`);
  return settled.offset ?? 0;
}

/** The output topics in whose partition something of our own producer is open. */
async function findHangingOutputs(
  cluster: InsideCluster,
  session: TransactionSession,
  { outputTopics, partition }: TransactionalSinkOptions,
): Promise<string[]> {
  if (!session.protocol.describesProducers) return [];
  const { clientId, identity } = session;
  return await retryTransient(settleWithinMs, async () => {
    const byLeader = Map.groupBy(outputTopics, (topic) => {
      const found = cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition);
      return found?.leader ?? -1;
    });
    try {
      const answers = await Promise.all(
        [...byLeader].map(async ([nodeId, topics]) => {
          const frame = writeDescribeProducers(new FrameWriter(), { clientId, topics, partition });
          return readDescribeProducersAnswer(
            await sendFrame(await cluster.findBroker({ nodeId }), 'DescribeProducers', frame),
          );
        }),
      );
      return answers.flat().flatMap(({ topic, producerId }) => (producerId === identity.producerId ? [topic] : []));
    } catch (thrown) {
      // The leader may have moved.
      await cluster.refreshMetadata();
      throw thrown;
    }
  });
}

async function fetchWhenStable(session: TransactionSession): Promise<Committed> {
  const { clientId, groupId, inputTopic: topic, partition } = session;
  const frame = writeStableOffsetFetch(new FrameWriter(), { clientId, groupId, topic, partition });
  const deadline = performance.now() + hangsAfterMs;
  return await retryTransient(settleWithinMs, async () =>
    session.coordinators.with('group', async (broker): Promise<Committed> => {
      for (;;) {
        const answer = await sendFrame(broker, 'OffsetFetch', frame);
        try {
          return { stable: true, offset: readStableOffsetFetchAnswer(answer) };
        } catch (thrown) {
          if (toProtocolError(thrown)?.code !== unstableOffsetCommit) throw thrown;
          if (performance.now() > deadline) return { stable: false };
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
    }),
  );
}
