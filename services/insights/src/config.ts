import { countValue, listValue, portValue } from '@fleetstream/config';
import { z } from 'zod';

/** Everything the insights service can be told; the keys are environment variables. */
export const insightsConfig = z.object({
  INSIGHTS_HTTP_HOST: z.string().default('127.0.0.1').describe('Address to listen on; 0.0.0.0 inside a container.'),
  INSIGHTS_HTTP_PORT: portValue.default(8080).describe('Port to listen on; 0 lets the system choose.'),
  INSIGHTS_GROUP_ID: z
    .string()
    .min(1)
    .default('fleet-insights')
    .describe('Consumer group of fleet.events; also the beginning of the transactional ids.'),
  INSIGHTS_FALSE_ALARMS_PER_ROBOT_DAY: z.coerce
    .number()
    .min(0.001)
    .max(1000)
    .default(1)
    .describe('Alarms that a healthy robot may give in a day; the thresholds follow from it.'),
  INSIGHTS_REWIND_RECORDS: countValue
    .min(0)
    .max(10_000_000)
    .default(200_000)
    .describe('Records of a partition that are shown to the models again when it is opened, to rebuild their memory.'),
  INSIGHTS_BATCH_RECORDS: countValue.min(1).max(5000).default(500).describe('Records judged in one go, at most.'),
  INSIGHTS_COMMIT_INTERVAL_MS: countValue
    .min(10)
    .max(60_000)
    .default(1000)
    .describe('How long offsets wait to be committed when there is no verdict; verdicts are committed at once.'),
  INSIGHTS_SCORE_TIMEOUT_MS: countValue.min(10).default(10_000).describe('What judging one batch may take.'),
  INSIGHTS_BREAKER_RESET_MS: countValue
    .min(10)
    .default(5000)
    .describe('How long a model that keeps failing is left alone before it is tried again.'),
  INSIGHTS_SESSION_TIMEOUT_MS: countValue
    .min(6000)
    .default(10_000)
    .describe('After so long without a heartbeat the group gives the partitions of this instance away.'),
  KAFKA_BROKERS: listValue.describe('Brokers of the log, host:port, comma-separated.'),
  SCHEMA_REGISTRY_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Confluent API of the schema registry, for logs that hold Avro; left out, all is JSON.'),
  LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least level that is logged.'),
});

export type InsightsConfig = z.infer<typeof insightsConfig>;
