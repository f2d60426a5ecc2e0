import { Partitioners } from 'kafkajs';

/** The partition that Kafka's default partitioner (murmur2, the same as Java's) gives a key. */
export function partitionForKey(key: string, partitionCount: number): number {
  const partitionMetadata = Array.from({ length: partitionCount }, (_, partitionId) => ({
    partitionId,
    leader: 0,
    partitionErrorCode: 0,
    isr: [],
    replicas: [],
  }));
  return Partitioners.DefaultPartitioner()({ topic: '', partitionMetadata, message: { key, value: null } });
}
