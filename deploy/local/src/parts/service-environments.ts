import { type LocalLayout } from '../local-layout.ts';
import { processorAllocator } from '../processor-allocator.ts';
import { type ClientCertOptions } from '../start-options.ts';
import { type LocalSecrets, toPlatformToken } from './local-secrets.ts';

/** The consumer group of the local processors; the oracle asks for its committed offsets. */
export const processorGroupId = 'fleetstream-processor';

/** What a webhook pod is told on this machine. */
export function toWebhookEnvironment(options: {
  layout: LocalLayout;
  port: number;
  secrets: LocalSecrets;
  clientCerts?: ClientCertOptions | undefined;
}): Record<string, string> {
  const { clientCerts } = options;
  return {
    KAFKA_BROKERS: options.layout.kafkaBrokers,
    LOG_LEVEL: 'info',
    REDIS_URL: `redis://127.0.0.1:${options.layout.ports.redis}`,
    WEBHOOK_HTTP_PORT: String(options.port),
    WEBHOOK_MASTER_KEY: options.secrets.masterKey,
    WEBHOOK_COMMANDS_URL: options.layout.commandsUrl,
    // The gateway asks for readiness each second; a developer doesn't want to wait longer than that takes.
    WEBHOOK_DRAIN_DELAY_MS: '1200',
    ...(clientCerts !== undefined && { WEBHOOK_TRUST_CLIENT_CERT: clientCerts.mode }),
  };
}

/** What the AI consumer group is told on this machine. */
export function toInsightsEnvironment(layout: LocalLayout): Record<string, string> {
  return {
    KAFKA_BROKERS: layout.kafkaBrokers,
    LOG_LEVEL: 'info',
    INSIGHTS_HTTP_PORT: String(layout.ports.insightsFirst),
  };
}

/** What the command service is told on this machine. */
export function toCommandsEnvironment({
  layout,
  secrets,
}: {
  layout: LocalLayout;
  secrets: LocalSecrets;
}): Record<string, string> {
  return {
    KAFKA_BROKERS: layout.kafkaBrokers,
    LOG_LEVEL: 'info',
    REDIS_URL: `redis://127.0.0.1:${layout.ports.redis}`,
    COMMANDS_HTTP_PORT: String(layout.ports.commandsFirst),
    COMMANDS_MASTER_KEY: secrets.masterKey,
    COMMANDS_JWT_SECRET: secrets.commandsJwtSecret,
    COMMANDS_PLATFORM_URL: layout.platformUrl,
    COMMANDS_PLATFORM_TOKEN: toPlatformToken(secrets),
    COMMANDS_PLATFORM_MAPPING: JSON.stringify({ total: '$.total' }),
    COMMANDS_PROCESSOR_URL: layout.processorUrl(0),
    COMMANDS_PROCESSOR_TOKEN: secrets.apiToken,
    // A run may ask for a thousand commands a second under one name.
    COMMANDS_RATE_PER_SECOND: '2000',
    COMMANDS_RATE_BURST: '4000',
    // Robots that join should be enrolled while somebody watches.
    COMMANDS_PLATFORM_FRESH_MS: '2000',
    // Robots of this machine are on this machine.
    COMMANDS_ALLOW_PRIVATE_CALLBACKS: 'true',
    // There is no other instance that robots could be sent to.
    COMMANDS_DRAIN_DELAY_MS: '0',
    // A run waits for its commands at the end: one that a robot missed in a network hole should come again soon.
    COMMANDS_REOFFER_MS: '5000',
  };
}

/** What a processor is told on this machine. */
export function toProcessorEnvironment(options: {
  layout: LocalLayout;
  index: number;
  secrets: LocalSecrets;
  /** How many there are. */
  processors: number;
}): Record<string, string> {
  return {
    ...processorAllocator,
    KAFKA_BROKERS: options.layout.kafkaBrokers,
    LOG_LEVEL: 'info',
    REDIS_URL: `redis://127.0.0.1:${options.layout.ports.redis}`,
    PROCESSOR_HTTP_PORT: String(options.layout.ports.processorFirst + options.index),
    PROCESSOR_API_TOKEN: options.secrets.apiToken,
    PROCESSOR_GROUP_ID: processorGroupId,
    PROCESSOR_STATE_DIR: options.layout.processorStateDir(options.index),
    PROCESSOR_CHECKPOINT_URL: `file://${options.layout.checkpointsDir}`,
    PROCESSOR_ADVERTISED_URL: options.layout.processorUrl(options.index),
    // Sooner than in production: runs of a minute should see a checkpoint, and a killed processor be missed quickly.
    PROCESSOR_CHECKPOINT_INTERVAL_MS: '5000',
    PROCESSOR_SESSION_TIMEOUT_MS: '4000',
    // One that is killed is replaced in about a second.
    PROCESSOR_STANDBY_REPLICAS: options.processors > 1 ? '1' : '0',
  };
}
