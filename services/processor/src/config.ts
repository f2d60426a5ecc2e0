import { countValue, flagValue, listValue, portValue, secretValue } from '@fleetstream/config';
import { toMessage } from '@fleetstream/kernel';
import { parseObjectStoreUrl } from '@fleetstream/object-store';
import { z } from 'zod';

const kib = 1024;
const mib = 1024 * kib;

/** Everything the processor can be told; the keys are environment variables. */
export const processorConfig = z
  .object({
    PROCESSOR_HTTP_HOST: z.string().default('127.0.0.1').describe('Address to listen on; 0.0.0.0 inside a container.'),
    PROCESSOR_HTTP_PORT: portValue.default(8080).describe('Port to listen on; 0 lets the system choose.'),
    PROCESSOR_ADVERTISED_URL: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Where the other instances reach this one; http://<host>:<port> when left out.'),
    PROCESSOR_API_TOKEN: secretValue(
      z.string().min(16).describe('Bearer token of the API, at least 16 characters; the same for all instances.'),
    ),
    PROCESSOR_STATE_DIR: z.string().min(1).describe('Folder of the local states; one process at a time.'),
    PROCESSOR_CHECKPOINT_URL: z
      .string()
      .superRefine((text, context) => {
        try {
          parseObjectStoreUrl(text);
        } catch (thrown) {
          context.addIssue({ code: 'custom', message: toMessage(thrown) });
        }
      })
      .describe(
        "Where checkpoints go: file:///a/folder or s3://bucket/prefix?region=&endpoint=; Amazon's without endpoint.",
      ),
    PROCESSOR_S3_ACCESS_KEY_ID: z
      .string()
      .min(1)
      .optional()
      .describe('For s3://. Left out: what the AWS SDK finds, such as the role of the pod or the machine.'),
    PROCESSOR_S3_SECRET_ACCESS_KEY: secretValue(
      z.string().min(1).optional().describe('Belongs to PROCESSOR_S3_ACCESS_KEY_ID.'),
    ),
    PROCESSOR_GROUP_ID: z
      .string()
      .regex(/^[\w.-]{1,100}$/)
      .default('fleetstream-processor')
      .describe('Consumer group that shares out the partitions; also begins the transactional ids.'),
    PROCESSOR_SESSION_TIMEOUT_MS: countValue
      .min(1000)
      .max(300_000)
      .default(6000)
      .describe("After this without a heartbeat an instance's partitions go to others; the broker sets the minimum."),
    PROCESSOR_WORKERS: countValue
      .min(1)
      .max(64)
      .default(1)
      .describe('Processes of this instance, one a core, on ports counted up from PROCESSOR_HTTP_PORT.'),
    PROCESSOR_INSTANCE_ID: z
      .string()
      .regex(/^[\w.-]{1,100}$/)
      .optional()
      .describe('Who this instance is through all restarts, such as its pod; left out, whoever has the state folder.'),
    PROCESSOR_STANDBY_REPLICAS: countValue
      .max(3)
      .default(0)
      .describe("Warm copies of each partition that other instances keep; each costs the fold's CPU once more."),
    PROCESSOR_WARM_RECORDS: countValue
      .min(1)
      .max(10_000_000)
      .default(10_000)
      .describe('A copy at most this many records behind may take its partition over.'),
    PROCESSOR_RESTART_GRACE_MS: countValue
      .max(300_000)
      .default(3000)
      .describe(
        'How long the others wait for an instance that ended and whose partitions have no warm copies; 0: not.',
      ),
    PROCESSOR_REVOKE_LIMIT_MS: countValue
      .min(100)
      .max(600_000)
      .default(10_000)
      .describe('Partitions that have not closed this long after a stop are cut off and left to others.'),
    PROCESSOR_COMMIT_INTERVAL_MS: countValue
      .min(10)
      .max(60_000)
      .default(100)
      .describe('At most this long after an event its outputs are committed.'),
    PROCESSOR_STATE_INTERVAL_MS: countValue
      .min(50)
      .max(600_000)
      .default(1000)
      .describe('How often changed states go to the local disk; a restart refolds what is missing there.'),
    PROCESSOR_MAX_REFOLD_RECORDS: countValue
      .min(100)
      .max(10_000_000)
      .default(100_000)
      .describe('They go earlier when a restart would have to refold more records of a partition than this.'),
    PROCESSOR_TRANSACTION_RECORDS: countValue
      .min(1)
      .max(1_000_000)
      .default(20_000)
      .describe('A transaction is ended early at this many folded records, looked at after each fetched batch.'),
    PROCESSOR_TRANSACTION_BYTES: countValue
      .min(64 * kib)
      .max(64 * mib)
      .default(8 * mib)
      .describe('The same at this many bytes of outputs.'),
    PROCESSOR_CHECKPOINT_INTERVAL_MS: countValue
      .min(100)
      .max(86_400_000)
      .default(10_000)
      .describe('How often each partition is copied to the checkpoint store, if anything changed.'),
    PROCESSOR_CHECKPOINT_RETAIN: countValue
      .min(1)
      .max(100)
      .default(3)
      .describe('Checkpoints kept of each partition; older ones serve when the newest is damaged.'),
    PROCESSOR_FIRE_DRILL_INTERVAL_MS: countValue
      .max(30 * 86_400_000)
      .default(3_600_000)
      .describe('How often one of the partitions here is restored and compared with its live state; 0 for never.'),
    PROCESSOR_FIRE_DRILL_BYTES_PER_SECOND: countValue
      .min(64 * kib)
      .default(16 * mib)
      .describe('What such a fire drill may download and compare; the partitions go on meanwhile.'),
    PROCESSOR_TICK_INTERVAL_MS: countValue
      .min(100)
      .max(60_000)
      .default(1000)
      .describe('How often an idle partition whose timers are due is woken.'),
    PROCESSOR_MEMORY_BYTES: countValue
      .min(32 * mib)
      .optional()
      .describe(
        "For the states of all partitions in memory: caches and RocksDB. Left out: half of the container's limit, or of the machine's memory.",
      ),
    PROCESSOR_CACHE_ENTRIES: countValue
      .min(10)
      .max(10_000_000)
      .default(50_000)
      .describe('States kept decoded in memory for each partition.'),
    PROCESSOR_CACHE_BYTES: countValue
      .min(mib)
      .default(64 * mib)
      .describe(
        'Bytes of states kept decoded in memory for each partition; less when PROCESSOR_MEMORY_BYTES asks for it.',
      ),
    PROCESSOR_MEMTABLE_BYTES: countValue
      .min(64 * kib)
      .default(16 * mib)
      .describe(
        "RocksDB's write buffer for each partition; two are alive during a flush. Less when memory asks for it.",
      ),
    PROCESSOR_OFFLINE_AFTER_MS: countValue
      .min(100)
      .default(30_000)
      .describe('A robot silent for this long is offline. Part of the model: change it only on an empty log.'),
    PROCESSOR_RETIRED_KEPT_MS: countValue
      .min(100)
      .default(7 * 86_400_000)
      .describe('A retired robot of which nothing was heard for this long is forgotten. Part of the model as well.'),
    PROCESSOR_COMMAND_ANSWER_WITHIN_MS: countValue
      .min(100)
      .default(20_000)
      .describe('A command that was handed over and not answered for this long is unknown. Part of the model as well.'),
    PROCESSOR_HISTORY_RECORDS: countValue
      .min(1000)
      .default(5_000_000)
      .describe('Records of a partition that one question about the past (?at=, capsules) may fold again.'),
    PROCESSOR_HISTORY_TIMEOUT_MS: countValue
      .min(1000)
      .max(600_000)
      .default(50_000)
      .describe('A question about the past that takes longer is refused.'),
    PROCESSOR_HISTORY_BYTES: countValue
      .min(mib)
      .default(4096 * mib)
      .describe('A larger checkpoint is not restored for such a question; up to four copies lie in the state folder.'),
    PROCESSOR_ALLOW_STATE_LOSS: flagValue
      .default(false)
      .describe("Begin at the log's start when no state reaches back as far: what was folded before is lost."),
    KAFKA_BROKERS: listValue.describe('Brokers of the log, host:port, comma-separated.'),
    REDIS_URL: z
      .url({ protocol: /^rediss?$/ })
      .optional()
      .describe('Redis where the webhook pods learn what was folded; left out, robots are not told.'),
    SCHEMA_REGISTRY_URL: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Confluent API of the schema registry, for logs that hold Avro; left out, all is JSON.'),
    LOG_LEVEL: z
      .enum(['debug', 'info', 'warn', 'error', 'silent'])
      .default('info')
      .describe('Least level that is logged.'),
  })
  .refine((config) => config.PROCESSOR_COMMIT_INTERVAL_MS <= config.PROCESSOR_STATE_INTERVAL_MS, {
    error: 'PROCESSOR_STATE_INTERVAL_MS must not be shorter than PROCESSOR_COMMIT_INTERVAL_MS',
  })
  .refine(
    ({ PROCESSOR_S3_ACCESS_KEY_ID: id, PROCESSOR_S3_SECRET_ACCESS_KEY: secret }) =>
      (id === undefined) === (secret === undefined),
    { error: 'PROCESSOR_S3_ACCESS_KEY_ID and PROCESSOR_S3_SECRET_ACCESS_KEY come together or not at all' },
  );

export type ProcessorConfig = z.infer<typeof processorConfig>;
