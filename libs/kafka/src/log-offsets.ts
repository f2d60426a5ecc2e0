import { AppError, toAppError } from '@fleetstream/kernel';
import { type Kafka } from 'kafkajs';
import { createCluster, type InsideCluster, type Isolation } from './kafkajs-inside.ts';
import { retryTransient } from './retry-transient.ts';

export interface OffsetRange {
  /** The first offset that the log still holds. */
  readonly start: number;
  /** One past the last record. */
  readonly end: number;
}

/** Coordinators load and leaders are chosen while a broker starts, and the first use of a group makes its topic. */
const settleWithinMs = 10_000;

/**
 * How far each partition's log reaches, by partition. With `committed` (the default) the end is the last stable
 * offset: what an open transaction wrote is not counted.
 *
 * @throws AppError FS_BROKER_UNAVAILABLE
 */
export async function fetchOffsets(
  kafka: Kafka,
  topic: string,
  isolation: Isolation = 'committed',
): Promise<Map<number, OffsetRange>> {
  const cluster = createCluster(kafka, isolation);
  try {
    await cluster.connect();
    return await retryTransient(settleWithinMs, () => fetchRanges(cluster, topic));
  } catch (thrown) {
    throw toAppError(thrown, 'FS_BROKER_UNAVAILABLE', `The broker did not tell the offsets of ${topic}`, { topic });
  } finally {
    await cluster.disconnect();
  }
}

/**
 * By partition, the offset of the first record that is not older than `sinceMs`; the end where all are older.
 *
 * @param sinceMs milliseconds since the epoch, compared with the records' timestamps
 * @throws AppError FS_BROKER_UNAVAILABLE
 */
export async function fetchOffsetsSince(kafka: Kafka, topic: string, sinceMs: number): Promise<Map<number, number>> {
  const cluster = createCluster(kafka, 'committed');
  try {
    await cluster.connect();
    return await retryTransient(settleWithinMs, async () => {
      const ranges = await fetchRanges(cluster, topic);
      const partitions = [...ranges.keys()].map((partition) => ({ partition }));
      const found = await cluster.fetchTopicsOffset([{ topic, fromTimestamp: sinceMs, partitions }]);
      const offsets = new Map(found.flatMap((entry) => entry.partitions.map((p) => [p.partition, Number(p.offset)])));
      // -1 says that no record is that new.
      const offsetIn = (partition: number, end: number) => {
        const offset = offsets.get(partition) ?? -1;
        return offset < 0 ? end : offset;
      };
      return new Map([...ranges].map(([partition, { end }]) => [partition, offsetIn(partition, end)]));
    });
  } catch (thrown) {
    throw toAppError(thrown, 'FS_BROKER_UNAVAILABLE', `The broker did not tell the offsets of ${topic}`, { topic });
  } finally {
    await cluster.disconnect();
  }
}

/** The same on a cluster that is connected already. */
export async function fetchRanges(cluster: InsideCluster, topic: string): Promise<Map<number, OffsetRange>> {
  await cluster.addMultipleTargetTopics([topic]);
  const partitions = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => ({ partition: partitionId }));
  const [starts, ends] = await Promise.all([
    cluster.fetchTopicsOffset([{ topic, fromBeginning: true, partitions }]),
    cluster.fetchTopicsOffset([{ topic, fromBeginning: false, partitions }]),
  ]);
  const startOf = new Map(starts.flatMap((entry) => entry.partitions.map((p) => [p.partition, Number(p.offset)])));
  return new Map(
    ends
      .flatMap((entry) => entry.partitions)
      .map(({ partition, offset }) => [partition, { start: startOf.get(partition) ?? 0, end: Number(offset) }] as const)
      .sort(([a], [b]) => a - b),
  );
}

/**
 * A group's committed offsets of a topic: the next offset to read, by partition. A partition without one is absent.
 *
 * @throws AppError FS_BROKER_UNAVAILABLE
 */
export async function fetchCommitted(kafka: Kafka, groupId: string, topic: string): Promise<Map<number, number>> {
  const cluster = createCluster(kafka, 'committed');
  try {
    await cluster.connect();
    await cluster.addMultipleTargetTopics([topic]);
    const partitions = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
    return await retryTransient(settleWithinMs, () => fetchGroupOffsets(cluster, groupId, topic, partitions));
  } catch (thrown) {
    throw toAppError(thrown, 'FS_BROKER_UNAVAILABLE', `The broker did not tell the committed offsets of ${groupId}`, {
      groupId,
      topic,
    });
  } finally {
    await cluster.disconnect();
  }
}

/** The same for some partitions, on a cluster that is connected already. */
export async function fetchGroupOffsets(
  cluster: InsideCluster,
  groupId: string,
  topic: string,
  partitions: readonly number[],
): Promise<Map<number, number>> {
  const coordinator = await cluster.findGroupCoordinator({ groupId });
  const { responses } = await coordinator.offsetFetch({
    groupId,
    topics: [{ topic, partitions: partitions.map((partition) => ({ partition })) }],
  });
  const found = responses.flatMap((response) => response.partitions);
  if (found.length !== partitions.length) {
    throw new AppError('FS_BROKER_UNAVAILABLE', `The coordinator answered for ${found.length} of ${partitions.length}`);
  }
  // -1 says that there is none.
  return new Map(
    found.map(({ partition, offset }) => [partition, Number(offset)] as const).filter(([, offset]) => offset >= 0),
  );
}
