import {
  countValue,
  flagValue,
  keyVersionsValue,
  listValue,
  masterKeyValue,
  portValue,
  secretValue,
} from '@fleetstream/config';
import { z } from 'zod';
import { clientCertModes, isAddressList } from './http/client-cert.ts';

const kib = 1024;
const mib = 1024 * kib;

/** The log's batches take 900,000 bytes; an event and its envelope must fit into one. */
const eventBytesMax = 768 * kib;

/** Everything the webhook pod can be told; the keys are environment variables. */
export const webhookConfig = z
  .object({
    WEBHOOK_HTTP_HOST: z.string().default('127.0.0.1').describe('Address to listen on; 0.0.0.0 inside a container.'),
    WEBHOOK_HTTP_PORT: portValue.default(8080).describe('Port to listen on; 0 lets the system choose.'),
    WEBHOOK_MASTER_KEY: secretValue(
      masterKeyValue.describe("At least 32 random bytes in base64, from which every robot's secret is derived."),
    ),
    WEBHOOK_KEY_VERSIONS: keyVersionsValue
      .default([1])
      .describe('Versions of derived secrets that are accepted, comma-separated; two of them during a rotation.'),
    WEBHOOK_MAX_BODY_BYTES: countValue.min(kib).default(mib).describe('Largest request body, in bytes.'),
    WEBHOOK_MAX_EVENT_BYTES: countValue
      .min(kib)
      .max(eventBytesMax)
      .default(256 * kib)
      .describe('Largest single event as it lies in the log, in bytes.'),
    WEBHOOK_MAX_BATCH_EVENTS: countValue.min(1).max(5000).default(500).describe('Events in one request at most.'),
    WEBHOOK_MAX_JSON_DEPTH: countValue
      .min(4)
      .max(64)
      .default(64)
      .describe('Levels of objects and lists in one event at most.'),
    WEBHOOK_MAX_TEXT_BYTES: countValue
      .min(256)
      .default(256 * kib)
      .describe('Longest single text or name in an event, in bytes as sent.'),
    WEBHOOK_MAX_INFLATE_RATIO: countValue
      .min(1)
      .max(1032)
      .default(100)
      .describe('Bytes that one byte of a gzip body may become; the whole never more than WEBHOOK_MAX_BODY_BYTES.'),
    WEBHOOK_TRUST_CLIENT_CERT: z
      .enum(clientCertModes)
      .default('off')
      .describe(
        'What a client certificate that the gateway forwards counts for: off, required beside the signature, or instead of it.',
      ),
    WEBHOOK_GATEWAY_ADDRESSES: listValue
      .default(['127.0.0.1'])
      .describe('Addresses and networks (10.0.0.0/8) from which a forwarded client certificate is believed.'),
    WEBHOOK_KEYS_REQUIRED: flagValue
      .default(true)
      .describe('Whether a pod that never reached Redis answers 503 instead of believing keys that may be revoked.'),
    WEBHOOK_KEYS_REFRESH_MS: countValue
      .min(50)
      .max(60_000)
      .default(500)
      .describe('How often Redis is asked for rotations and revocations.'),
    WEBHOOK_MAX_BYTES_IN_FLIGHT: countValue
      .min(mib)
      .default(64 * mib)
      .describe('Bytes of bodies held at once; beyond it requests are turned away with 503.'),
    WEBHOOK_BODY_TIMEOUT_MS: countValue.min(10).default(10_000).describe('What a body may take to arrive.'),
    WEBHOOK_ACK_TIMEOUT_MS: countValue.min(10).default(5000).describe("What the log's acknowledgement may take."),
    WEBHOOK_LINGER_MS: countValue.min(0).max(1000).default(2).describe('What a record waits for company in a batch.'),
    WEBHOOK_CACHE_TIMEOUT_MS: countValue
      .min(1)
      .default(100)
      .describe('What a look-up of duplicates in Redis may take.'),
    WEBHOOK_DUPLICATE_TTL_SECONDS: countValue.min(1).default(86_400).describe('How long an event id is remembered.'),
    WEBHOOK_ROBOT_EVENTS_PER_SECOND: countValue
      .min(0)
      .max(1_000_000)
      .default(1000)
      .describe(
        'What one robot may send on average; safety events and command replies are never refused. 0: no limit.',
      ),
    WEBHOOK_ROBOT_BURST_EVENTS: countValue
      .min(1)
      .max(10_000_000)
      .default(20_000)
      .describe('What one robot may send at once beyond its average, such as after a network hole.'),
    WEBHOOK_FLEET_EVENTS_PER_SECOND: countValue
      .min(0)
      .max(10_000_000)
      .default(0)
      .describe(
        'The same for a fleet that a site server sends for, and for all robots that send themselves. 0: no limit.',
      ),
    WEBHOOK_FLEET_BURST_EVENTS: countValue
      .min(1)
      .max(100_000_000)
      .default(200_000)
      .describe('What a fleet may send at once beyond its average.'),
    WEBHOOK_LOOP_LAG_MAX_MS: countValue
      .min(10)
      .default(1000)
      .describe(
        'Lateness of the event loop at which a pod is at its end; from half of it on it sheds, telemetry first.',
      ),
    WEBHOOK_LOG_LATENCY_MAX_MS: countValue
      .min(10)
      .default(2000)
      .describe("Mean time of the log's acknowledgements at which a pod is at its end; it sheds from half of it on."),
    WEBHOOK_COMMANDS_URL: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe(
        'The command service: robots that ask for it get their commands in answers to events. Left out, they are told to ask.',
      ),
    WEBHOOK_COMMANDS_TIMEOUT_MS: countValue
      .min(10)
      .max(10_000)
      .default(1000)
      .describe('How long an answer to events waits for the commands of a robot that has some due.'),
    WEBHOOK_DRAIN_DELAY_MS: countValue
      .min(0)
      .default(2000)
      .describe('How long a stopping pod still listens, so that the gateway sees its /readyz and goes elsewhere.'),
    KAFKA_BROKERS: listValue.describe('Brokers of the log, host:port, comma-separated.'),
    SCHEMA_REGISTRY_URL: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Confluent API of a schema registry: events go to the log as Avro; left out, as JSON.'),
    REDIS_URL: z.url({ protocol: /^rediss?$/ }).describe('Redis that remembers the ids of events seen.'),
    LOG_LEVEL: z
      .enum(['debug', 'info', 'warn', 'error', 'silent'])
      .default('info')
      .describe('Least level that is logged.'),
  })
  .refine((config) => isAddressList(config.WEBHOOK_GATEWAY_ADDRESSES), {
    error: 'WEBHOOK_GATEWAY_ADDRESSES: addresses and networks, such as 10.0.0.0/8, comma-separated',
  })
  .refine((config) => config.WEBHOOK_MAX_EVENT_BYTES <= config.WEBHOOK_MAX_BODY_BYTES, {
    error: 'WEBHOOK_MAX_EVENT_BYTES must not exceed WEBHOOK_MAX_BODY_BYTES',
  })
  .refine((config) => 2 * config.WEBHOOK_MAX_BODY_BYTES <= config.WEBHOOK_MAX_BYTES_IN_FLIGHT, {
    error: 'WEBHOOK_MAX_BYTES_IN_FLIGHT must hold at least two bodies of WEBHOOK_MAX_BODY_BYTES',
  });

export type WebhookConfig = z.infer<typeof webhookConfig>;
