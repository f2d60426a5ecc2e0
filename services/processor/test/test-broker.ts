import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { topics, topicSpecs } from '@fleetstream/contracts';
import { createKafkaClient, ensureTopics, fetchCommitted, fetchOffsets } from '@fleetstream/kafka';
import { silentLog } from '@fleetstream/kernel';
import { findFreePort, startKafkaBroker } from '@fleetstream/local';

/** A broker of its own with the platform's topics, whose names are fixed, and a folder for what runs beside it. */
export interface TestBroker {
  readonly address: string;
  readonly directory: string;
  readonly client: () => ReturnType<typeof createKafkaClient>;
  /** Committed offsets of `fleet.events` by partition. */
  committed(groupId: string): Promise<Map<number, number>>;
  /** Whether everything in `fleet.events` is committed. */
  isCaughtUp(groupId: string): Promise<boolean>;
  /** Ends the broker and deletes the folder. */
  stop(): Promise<void>;
}

export async function startTestBroker(partitions: number): Promise<TestBroker> {
  const directory = mkdtempSync(join(tmpdir(), 'fleetstream-processor-'));
  const broker = await startKafkaBroker({
    dataDir: join(directory, 'kafka'),
    port: await findFreePort(),
    controllerPort: await findFreePort(),
    logFile: join(directory, 'kafka.log'),
    quickStart: true,
  });
  const client = () => createKafkaClient({ brokers: [broker.address], clientId: 'test', log: silentLog });
  await ensureTopics(
    client(),
    topicSpecs.map(({ name, config }) => ({ name, partitions, config })),
  );
  const committed = (groupId: string) => fetchCommitted(client(), groupId, topics.events);
  return {
    address: broker.address,
    directory,
    client,
    committed,
    isCaughtUp: async (groupId) => {
      const [ends, offsets] = await Promise.all([fetchOffsets(client(), topics.events), committed(groupId)]);
      return [...ends].every(([partition, { end }]) => (offsets.get(partition) ?? 0) >= end);
    },
    stop: async () => {
      await broker.kill();
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
