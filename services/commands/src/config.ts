import {
  countValue,
  flagValue,
  keyVersionsValue,
  listValue,
  masterKeyValue,
  portValue,
  secretValue,
} from '@fleetstream/config';
import { parsePrivateKeyText } from '@fleetstream/signing';
import { z } from 'zod';
import { accessConfig } from './adapters/access-config.ts';
import { platformConfig } from './adapters/platform-config.ts';
import { processorConfig } from './adapters/processor-config.ts';

/** Everything the commands service can be told; the keys are environment variables. */
export const commandsConfig = z
  .object({
    COMMANDS_HTTP_HOST: z.string().default('127.0.0.1').describe('Address to listen on; 0.0.0.0 inside a container.'),
    COMMANDS_HTTP_PORT: portValue.default(8080).describe('Port to listen on; 0 lets the system choose.'),
    COMMANDS_MASTER_KEY: secretValue(
      masterKeyValue.describe(
        "The webhook pods' WEBHOOK_MASTER_KEY: robots sign requests for commands with one secret.",
      ),
    ),
    COMMANDS_KEY_VERSIONS: keyVersionsValue
      .default([1])
      .describe('Versions of derived secrets that are accepted, comma-separated; pushes are signed with the first.'),
    COMMANDS_KEYS_REQUIRED: flagValue
      .default(true)
      .describe('Whether an instance that never reached Redis gives robots nothing, for their keys may be revoked.'),
    COMMANDS_JWT_SECRET: secretValue(
      z
        .string()
        .min(32)
        .optional()
        .describe('Shared secret of bearer tokens (HS256), for development; or COMMANDS_JWKS_URL.'),
    ),
    COMMANDS_JWKS_URL: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe(
        'Where the identity provider publishes the public keys of bearer tokens; the claim `role` says what one may.',
      ),
    COMMANDS_HAZARDOUS_ACTIONS: listValue
      .default([])
      .describe('Actions that a second person has to approve, whatever the request says, comma-separated.'),
    COMMANDS_JWT_ISSUER: z.string().min(1).optional().describe('Only tokens of this issuer are accepted.'),
    COMMANDS_JWT_AUDIENCE: z.string().min(1).optional().describe('Only tokens for this audience are accepted.'),
    ...accessConfig,
    ...processorConfig,
    ...platformConfig,
    COMMANDS_ALLOW_PRIVATE_CALLBACKS: flagValue
      .default(false)
      .describe('Whether callback URLs may be http and lead to private addresses, for robots on our own network.'),
    COMMANDS_CALLBACK_NETWORKS: z
      .string()
      .default('')
      .transform((text) => text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()])))
      .pipe(z.array(z.union([z.cidrv4(), z.cidrv6()])).max(64))
      .describe(
        'Networks of ours that robots live in, address/bits, comma-separated: callbacks may lead there, by http too.',
      ),
    COMMANDS_SIGNING_KEY: secretValue(
      z
        .string()
        .transform((text) => parsePrivateKeyText(text))
        .refine((key) => key !== undefined, { error: 'whsk_ and the base64 of the 32 bytes of an ed25519 private key' })
        .optional()
        .describe(
          'Key of the platform (ed25519, whsk_…): pushes are signed with it as well (v1a), beside the robot secret.',
        ),
    ),
    COMMANDS_PUSH_TIMEOUT_MS: countValue.min(10).default(5000).describe("What a robot's callback may take to answer."),
    COMMANDS_REOFFER_MS: countValue
      .min(100)
      .default(15_000)
      .describe('After so long without a word of its robot a command is handed over again.'),
    COMMANDS_POLL_SECONDS_MAX: countValue
      .min(0)
      .max(55)
      .default(50)
      .describe('How long a robot may wait for commands; the gateway ends requests after 60 s.'),
    COMMANDS_MAX_POLLS: countValue.min(1).max(10_000).default(10_000).describe('Robots that wait at once, at most.'),
    COMMANDS_ROLLOUT_TAKEOVER_MS: countValue
      .min(100)
      .default(2000)
      .describe('How long a rollout is left to the instance that went on with it last before another one steps in.'),
    COMMANDS_MAX_STREAMS: countValue
      .min(1)
      .max(10_000)
      .default(500)
      .describe('People and programs that follow commands as server-sent events at once, at most.'),
    COMMANDS_HISTORY_HOURS: countValue
      .min(1)
      .max(720)
      .default(25)
      .describe('How far back fleet.commands is read at the start; commands live a day at most.'),
    COMMANDS_FINISHED_MAX: countValue
      .min(1)
      .max(1_000_000)
      .default(20_000)
      .describe('Commands that have ended and are still known to the API.'),
    COMMANDS_OPEN_MAX: countValue
      .min(1)
      .max(1_000_000)
      .default(100_000)
      .describe('Commands that have not ended, at most; the oldest beyond it is not delivered by this instance.'),
    COMMANDS_ACK_TIMEOUT_MS: countValue.min(10).default(5000).describe("What the log's acknowledgement may take."),
    COMMANDS_CACHE_TIMEOUT_MS: countValue.min(1).default(250).describe('What a call to Redis may take.'),
    COMMANDS_DRAIN_DELAY_MS: countValue
      .min(0)
      .default(2000)
      .describe('How long a stopping instance still listens, so that the gateway sees its /readyz and goes elsewhere.'),
    KAFKA_BROKERS: listValue.describe('Brokers of the log, host:port, comma-separated.'),
    REDIS_URL: z
      .url({ protocol: /^rediss?$/ })
      .describe('Redis that instances share lists, keys and seen requests through.'),
    LOG_LEVEL: z
      .enum(['debug', 'info', 'warn', 'error', 'silent'])
      .default('info')
      .describe('Least level that is logged.'),
  })
  .refine((config) => (config.COMMANDS_JWT_SECRET === undefined) !== (config.COMMANDS_JWKS_URL === undefined), {
    error: 'give either COMMANDS_JWT_SECRET or COMMANDS_JWKS_URL',
  })
  .refine((config) => config.COMMANDS_PLATFORM_URL === undefined || config.COMMANDS_PLATFORM_FILE === undefined, {
    error: 'give either COMMANDS_PLATFORM_URL or COMMANDS_PLATFORM_FILE',
  });

export type CommandsConfig = z.infer<typeof commandsConfig>;
