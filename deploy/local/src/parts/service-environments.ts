import { localPorts } from '../ports.ts';
import { type LocalSecrets } from './local-secrets.ts';

/** The consumer group of the local processors; the oracle asks for its committed offsets. */
export const processorGroupId = 'fleetstream-processor';

const shared = { KAFKA_BROKERS: `127.0.0.1:${localPorts.kafka}`, LOG_LEVEL: 'info' };

/** What a webhook pod is told on this machine. */
export function toWebhookEnvironment(options: { port: number; secrets: LocalSecrets }): Record<string, string> {
  return {
    ...shared,
    REDIS_URL: `redis://127.0.0.1:${localPorts.redis}`,
    WEBHOOK_HTTP_PORT: String(options.port),
    WEBHOOK_MASTER_KEY: options.secrets.masterKey,
    // The gateway asks for readiness each second; a developer doesn't want to wait longer than that takes.
    WEBHOOK_DRAIN_DELAY_MS: '1200',
  };
}

/** What a processor is told on this machine. */
export function toProcessorEnvironment(options: {
  port: number;
  address: string;
  secrets: LocalSecrets;
  stateDir: string;
  checkpointsDir: string;
}): Record<string, string> {
  return {
    ...shared,
    PROCESSOR_HTTP_PORT: String(options.port),
    PROCESSOR_API_TOKEN: options.secrets.apiToken,
    PROCESSOR_GROUP_ID: processorGroupId,
    PROCESSOR_STATE_DIR: options.stateDir,
    PROCESSOR_CHECKPOINT_URL: `file://${options.checkpointsDir}`,
    PROCESSOR_ADVERTISED_URL: options.address,
    // Sooner than in production: runs of a minute should see a checkpoint, and a killed processor be missed quickly.
    PROCESSOR_CHECKPOINT_INTERVAL_MS: '5000',
    PROCESSOR_SESSION_TIMEOUT_MS: '4000',
  };
}
