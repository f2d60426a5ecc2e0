// Makes the topics of the platform on KAFKA_BROKERS, with KAFKA_PARTITIONS partitions each. Safe to run again.
import { countValue, listValue, loadConfig } from '@fleetstream/config';
import { topicSpecs } from '@fleetstream/contracts';
import { createKafkaClient, ensureTopics } from '@fleetstream/kafka';
import { silentLog } from '@fleetstream/kernel';
import { z } from 'zod';

const config = loadConfig(
  z.object({
    KAFKA_BROKERS: listValue.describe('Brokers of the log, host:port, comma-separated.'),
    KAFKA_PARTITIONS: countValue.min(1).default(6).describe('Partitions of each topic; they can never be fewer.'),
  }),
  process.env,
  { prefix: 'FLEETSTREAM_TOPICS_' },
);
const kafka = createKafkaClient({ brokers: config.KAFKA_BROKERS, clientId: 'fleetstream-topics', log: silentLog });
await ensureTopics(
  kafka,
  topicSpecs.map((spec) => ({ name: spec.name, config: spec.config, partitions: config.KAFKA_PARTITIONS })),
);
process.stdout.write(`${topicSpecs.length} topics are there, with ${config.KAFKA_PARTITIONS} partitions each.\n`);
