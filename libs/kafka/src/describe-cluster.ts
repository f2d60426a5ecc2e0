import { toAppError } from '@fleetstream/kernel';
import { type Kafka } from 'kafkajs';

export interface ClusterDescription {
  /** The cluster's own id, the same for its whole life. */
  readonly clusterId: string;
  /** How many partitions the topic has. */
  readonly partitionCount: number;
}

/** @throws AppError FS_BROKER_UNAVAILABLE, also when there is no such topic */
export async function describeCluster(kafka: Kafka, topic: string): Promise<ClusterDescription> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const [{ clusterId }, { topics }] = await Promise.all([
      admin.describeCluster(),
      admin.fetchTopicMetadata({ topics: [topic] }),
    ]);
    return { clusterId, partitionCount: topics[0]?.partitions.length ?? 0 };
  } catch (thrown) {
    throw toAppError(thrown, 'FS_BROKER_UNAVAILABLE', `The broker did not describe ${topic}`, { topic });
  } finally {
    await admin.disconnect();
  }
}
