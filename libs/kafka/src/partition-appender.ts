import { toAppError } from '@fleetstream/kernel';
import { type Kafka, Partitioners } from 'kafkajs';

/** Appends single records to partitions of its caller's choice, with acks=all. For ticks, not for a hot path. */
export interface PartitionAppender {
  start(): Promise<void>;
  /** At least once. @throws AppError FS_BROKER_UNAVAILABLE */
  append(record: { readonly partition: number; readonly key: string; readonly value: string }): Promise<void>;
  stop(): Promise<void>;
}

export function createPartitionAppender(options: { readonly kafka: Kafka; readonly topic: string }): PartitionAppender {
  const { kafka, topic } = options;
  const createPartitioner = Partitioners.DefaultPartitioner;
  const producer = kafka.producer({ allowAutoTopicCreation: false, createPartitioner });
  const headers = { 'content-type': 'application/cloudevents+json' };
  return {
    start: async () => {
      await producer.connect();
    },
    append: async ({ partition, key, value }) => {
      try {
        await producer.send({ topic, acks: -1, messages: [{ partition, key, value, headers }] });
      } catch (thrown) {
        throw toAppError(thrown, 'FS_BROKER_UNAVAILABLE', `Nothing could be appended to ${topic}`, { partition });
      }
    },
    stop: async () => {
      await producer.disconnect();
    },
  };
}
