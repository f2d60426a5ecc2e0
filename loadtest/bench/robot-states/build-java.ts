import { execFile } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const sources = fileURLToPath(new URL('java', import.meta.url));

export interface PeerPrograms {
  /** Class path of `KafkaStreamsStates`. */
  readonly kafkaStreamsClassPath: string;
  /** Job with the connector inside, for `FlinkStates`. */
  readonly flinkJar: string;
  readonly flinkHome: string;
}

/** Compiles the peers' programs against what the peers' set-up has put into `peersHome`. A few seconds. */
export async function buildPeerPrograms(peersHome: string, targetDir: string): Promise<PeerPrograms> {
  const kafkaJars = join(peersHome, 'libs', 'kafka', '*');
  const flinkHome = join(peersHome, 'flink-2.2.0');
  const peersJob = join(peersHome, 'libs', 'flink', 'peers-flink.jar');
  const flinkJar = join(targetDir, 'robot-states-flink.jar');
  const classes = { kafka: join(targetDir, 'kafka'), flink: join(targetDir, 'flink') };
  const source = (name: string) => join(sources, `${name}.java`);
  await mkdir(targetDir, { recursive: true });
  await run('javac', [
    ...['-d', classes.kafka, '-cp', kafkaJars],
    ...[source('StateReducer'), source('KafkaStreamsStates')],
  ]);
  await run('javac', [
    ...['-d', classes.flink, '-cp', `${peersJob}:${join(flinkHome, 'lib', '*')}`],
    ...[source('StateReducer'), source('FlinkStates')],
  ]);
  // The peers' own job brings the Kafka connector, and Flink takes no second jar.
  await copyFile(peersJob, flinkJar);
  await run('jar', ['uf', flinkJar, '-C', classes.flink, '.']);
  return { kafkaStreamsClassPath: `${classes.kafka}:${kafkaJars}`, flinkJar, flinkHome };
}
