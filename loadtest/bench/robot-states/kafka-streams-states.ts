import { join } from 'node:path';
import { type LocalProcess, spawnLocalProcess } from '@fleetstream/local';

export interface KafkaStreamsOptions {
  readonly classPath: string;
  readonly brokers: string;
  readonly inputTopic: string;
  readonly outputTopic: string;
  readonly applicationId: string;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

export interface KafkaStreamsLine {
  readonly kind: 'restoring' | 'restored' | 'state';
  readonly records?: number;
  readonly atMs: number;
}

/** Kafka Streams exactly-once on the states of robots, two threads, until it is killed. */
export interface KafkaStreamsStates {
  start(): void;
  /** What it has said since its last start. */
  lines(): readonly KafkaStreamsLine[];
  kill(): Promise<void>;
  readonly localStateDir: string;
}

export function createKafkaStreamsStates(options: KafkaStreamsOptions): KafkaStreamsStates {
  const { classPath, brokers, inputTopic, outputTopic, applicationId, folder, env } = options;
  const stateDir = join(folder, 'kafka-streams');
  let running: LocalProcess | undefined;
  let lines: KafkaStreamsLine[] = [];
  return {
    start: () => {
      lines = [];
      running = spawnLocalProcess({
        name: 'kafka-streams',
        command: 'java',
        args: [
          ...['-Xmx1g', '-cp', classPath, 'fleetstream.bench.KafkaStreamsStates'],
          ...[brokers, inputTopic, outputTopic, applicationId, stateDir, '2'],
        ],
        environment: env,
        logFile: join(folder, 'kafka-streams.log'),
        address: brokers,
        appendLog: true,
        onLine: (line) => {
          if (!line.startsWith('{')) return;
          lines.push({ ...(JSON.parse(line) as Omit<KafkaStreamsLine, 'atMs'>), atMs: Date.now() });
        },
      });
    },
    lines: () => lines,
    kill: async () => {
      await running?.kill();
      running = undefined;
    },
    localStateDir: stateDir,
  };
}
