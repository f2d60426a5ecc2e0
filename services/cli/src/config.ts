import { type Environment, listValue, loadConfig, secretValue } from '@fleetstream/config';
import { AppError } from '@fleetstream/kernel';
import { z } from 'zod';
import { CliFailure } from './cli-failure.ts';

/** What the CLI reads from its environment; each but the state directory overrides what a local start wrote there. */
export const cliConfig = z.object({
  FLEETSTREAM_STATE_DIR: z
    .string()
    .default('.fleetstream')
    .describe('Where a local start keeps secrets and addresses.'),
  FLEETSTREAM_GATEWAY_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Where robots post and operators ask.'),
  FLEETSTREAM_CA_FILE: z.string().optional().describe("PEM of the authority that signed the gateway's certificate."),
  FLEETSTREAM_KAFKA_BROKERS: listValue.optional().describe('Brokers of the log, host:port, comma-separated.'),
  FLEETSTREAM_REDIS_URL: z
    .url({ protocol: /^rediss?$/ })
    .optional()
    .describe('Redis that pods follow rotations and revocations in.'),
  SCHEMA_REGISTRY_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Confluent API of the schema registry, for logs that hold Avro; left out, all is JSON.'),
  FLEETSTREAM_CHECKPOINT_URL: z
    .string()
    .optional()
    .describe('Checkpoint store, as the processor has it: file:///a/folder or s3://bucket/prefix?region=&endpoint=.'),
  FLEETSTREAM_S3_ACCESS_KEY_ID: z
    .string()
    .min(1)
    .optional()
    .describe('For s3://. Left out: what the AWS SDK finds, such as AWS_ACCESS_KEY_ID or a role.'),
  FLEETSTREAM_S3_SECRET_ACCESS_KEY: secretValue(z.string().min(1))
    .optional()
    .meta({ secret: true })
    .describe('Belongs to FLEETSTREAM_S3_ACCESS_KEY_ID.'),
  FLEETSTREAM_API_TOKEN: secretValue(z.string())
    .optional()
    .meta({ secret: true })
    .describe("Bearer token of the operators' API."),
  FLEETSTREAM_COMMANDS_TOKEN: secretValue(z.string())
    .optional()
    .meta({ secret: true })
    .describe('Bearer token (JSON Web Token) of the command service.'),
  FLEETSTREAM_MASTER_KEY: secretValue(z.base64())
    .optional()
    .meta({ secret: true })
    .describe("Base64 of the key from which robots' secrets are derived."),
  FLEETSTREAM_ROBOT_SECRET: secretValue(z.string().startsWith('whsec_'))
    .optional()
    .meta({ secret: true })
    .describe("One robot's own secret, for whoever has no master key."),
});

export type CliConfig = z.infer<typeof cliConfig>;

/** @throws CliFailure 2 when the environment isn't valid */
export function loadCliConfig(environment: Environment): CliConfig {
  try {
    return loadConfig(cliConfig, environment, { prefix: 'FLEETSTREAM_' });
  } catch (thrown) {
    if (thrown instanceof AppError) throw new CliFailure(2, thrown.message, thrown);
    throw thrown;
  }
}
