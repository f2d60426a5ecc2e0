import { type Log } from '@fleetstream/kernel';
import { Kafka, logLevel, type LogEntry } from 'kafkajs';

export interface KafkaOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly log: Log;
}

/** The one place where a kafkajs client is made; its own log goes to ours. Nothing connects yet. */
export function createKafkaClient(options: KafkaOptions): Kafka {
  return new Kafka({
    clientId: options.clientId,
    brokers: [...options.brokers],
    connectionTimeout: 3000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 100, maxRetryTime: 2000, retries: 5 },
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => {
      write(options.log, entry);
    },
  });
}

function write(log: Log, { level, label, log: { message, ...rest } }: LogEntry): void {
  const text = `kafkajs: ${message}`;
  const fields = { ...rest, timestamp: undefined, logger: undefined, label };
  // kafkajs retries on its own and reports each try as an error: what finally fails is thrown, and logged by its owner.
  if (level === logLevel.ERROR || level === logLevel.WARN) log.warn(fields, text);
  else log.debug(fields, text);
}
