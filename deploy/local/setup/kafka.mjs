import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './run-command.mjs';

/** The broker's jars, by Maven, into a folder named after the pom's hash. */
export function kafkaJarsStep({ places, logsDir }) {
  return {
    name: 'Kafka 4.4.0 (about 45 MB)',
    isDone: async () => existsSync(places.kafkaJarsDir),
    run: async () => {
      const part = `${places.kafkaJarsDir}.part`;
      rmSync(part, { recursive: true, force: true });
      await runCommand(
        'mvn',
        [
          ...['-B', '-ntp', '-Dstyle.color=never', '-f', places.pomFile],
          ...['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${part}`],
        ],
        { logFile: join(logsDir, 'kafka-jars.log') },
      );
      // A folder under its final name is always whole.
      renameSync(part, places.kafkaJarsDir);
    },
    remedy:
      'Maven must reach a repository with org.apache.kafka:kafka_2.13; set a mirror in ~/.m2/settings.xml if needed',
  };
}

/** An empty formatted data directory and an archive of the broker's classes: together they save 2 s of each start. */
export function kafkaWarmStep({ places, root, logsDir }) {
  return {
    name: 'quick start of Kafka',
    isDone: async () => existsSync(places.kafkaFormattedDir) && existsSync(places.kafkaClassArchive),
    run: async () => {
      await runCommand(
        join(root, 'node_modules', '.bin', 'node'),
        [fileURLToPath(new URL('../src/prepare-kafka/main.ts', import.meta.url))],
        { logFile: join(logsDir, 'kafka-prepare.log'), directory: root },
      );
    },
    remedy: 'read the log named above; a broker must be able to listen on 127.0.0.1',
  };
}
