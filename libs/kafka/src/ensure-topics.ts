import { AppError, toAppError } from '@fleetstream/kernel';
import { type Kafka } from 'kafkajs';
import { fetchOffsets } from './log-offsets.ts';
import { retryTransient } from './retry-transient.ts';

export interface WantedTopic {
  readonly name: string;
  readonly partitions: number;
  /** Broker-side topic configuration, used when the topic is made. */
  readonly config: Readonly<Record<string, string>>;
}

const visibleWithinMs = 10_000;
const pollEveryMs = 50;

/**
 * Makes the topics that are missing and waits until every partition's leader serves it. Topics that exist stay as they are,
 * their configuration too, but their partition count must be the wanted one: outputs go to the partition of their
 * input, and robots to the hash of their id.
 *
 * @throws AppError FS_CONFIG_INVALID for another partition count, FS_BROKER_UNAVAILABLE
 */
export async function ensureTopics(kafka: Kafka, wanted: readonly WantedTopic[]): Promise<void> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const existing = new Set(await admin.listTopics());
    const missing = wanted.filter(({ name }) => !existing.has(name));
    if (missing.length > 0) {
      // Answers false when another instance made them first, which is as good.
      await admin.createTopics({
        topics: missing.map(({ name, partitions, config }) => ({
          topic: name,
          numPartitions: partitions,
          configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
        })),
        // Waited for below: kafkajs gives up when the broker that it asks hasn't heard of the topic yet.
        waitForLeaders: false,
      });
    }
    await verifyPartitions(admin, wanted);
    // Metadata name a leader before that broker knows that it is one; it answers this only when it does.
    for (const { name } of missing) await fetchOffsets(kafka, name);
  } catch (thrown) {
    throw toAppError(thrown, 'FS_BROKER_UNAVAILABLE', 'The topics could not be made or checked');
  } finally {
    await admin.disconnect();
  }
}

async function verifyPartitions(admin: ReturnType<Kafka['admin']>, wanted: readonly WantedTopic[]): Promise<void> {
  const deadline = performance.now() + visibleWithinMs;
  for (;;) {
    const { topics } = await retryTransient(visibleWithinMs, () =>
      admin.fetchTopicMetadata({ topics: wanted.map(({ name }) => name) }),
    );
    const counts = new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
    const wrong = wanted.filter(({ name, partitions }) => counts.get(name) !== partitions);
    if (wrong.length === 0) return;
    // A topic that was just made shows up broker by broker.
    if (performance.now() > deadline || wrong.some(({ name }) => (counts.get(name) ?? 0) > 0)) {
      const list = wrong.map(({ name, partitions }) => `${name} has ${counts.get(name) ?? 0}, not ${partitions}`);
      throw new AppError('FS_CONFIG_INVALID', `Topics with another partition count than wanted: ${list.join('; ')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, pollEveryMs));
  }
}
