import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '@fleetstream/kernel';
import { probeKafka } from './kafka-probe.ts';
import { type LocalProcess, spawnLocalProcess, waitUntilReady } from './local-process.ts';
import { localTools } from './local-tools.ts';

export interface KafkaBrokerOptions {
  /** Everything the broker keeps; formatted when it is new. */
  readonly dataDir: string;
  readonly port: number;
  readonly controllerPort: number;
  readonly logFile: string;
  readonly heapMb?: number;
  /** Only the JVM's quick compiler: half the CPU at start, slower under load. For tests. */
  readonly quickStart?: boolean;
  readonly detached?: boolean;
  /** Keep the log of the instance before. */
  readonly appendLog?: boolean;
  /** The whole environment of the broker; left out, it inherits ours. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Told of the process at once, before it answers. */
  readonly onSpawned?: (process: LocalProcess) => void;
  /** Writes the classes loaded in this run there at its end, for later starts. For set-up. */
  readonly writeClassArchive?: string;
}

/**
 * Starts one Kafka node (KRaft, broker and controller in one process) on 127.0.0.1 and waits until it answers a
 * Metadata request. A second start on the same `dataDir` goes on with its topics.
 *
 * @throws AppError FS_NOT_READY with the end of the log when it doesn't come up.
 */
export async function startKafkaBroker(options: KafkaBrokerOptions): Promise<LocalProcess> {
  const tools = localTools();
  const logsDir = join(options.dataDir, 'data');
  if (!existsSync(join(logsDir, 'meta.properties'))) {
    if (!existsSync(tools.kafkaFormattedDir)) {
      throw new AppError('FS_NOT_READY', 'Kafka is not installed: run "npm run setup" first.');
    }
    mkdirSync(options.dataDir, { recursive: true });
    cpSync(tools.kafkaFormattedDir, logsDir, { recursive: true });
  }
  const propertiesFile = join(options.dataDir, 'server.properties');
  writeFileSync(propertiesFile, brokerProperties(options, logsDir));
  const broker = spawnLocalProcess({
    name: 'kafka',
    command: 'java',
    args: [
      ...jvmFlags(options, tools.kafkaClassArchive),
      `-Dlog4j2.configurationFile=${tools.logConfigFile}`,
      '-cp',
      join(tools.kafkaJarsDir, '*'),
      'kafka.Kafka',
      propertiesFile,
    ],
    ...(options.environment === undefined ? {} : { environment: options.environment }),
    logFile: options.logFile,
    address: `127.0.0.1:${String(options.port)}`,
    stopTimeoutMs: 20_000,
    detached: options.detached === true,
    appendLog: options.appendLog === true,
  });
  options.onSpawned?.(broker);
  await waitUntilReady(broker, options.logFile, () => probeKafka(options.port));
  return broker;
}

/**
 * The slow compiler takes a method after ten times as many calls as by default: what only runs at the start isn't worth
 * it (3.2 to 2.2 s of CPU), what stays hot gets there within seconds.
 */
const lateCompiler = [
  '-XX:Tier4InvocationThreshold=50000',
  '-XX:Tier4MinInvocationThreshold=6000',
  '-XX:Tier4CompileThreshold=150000',
  '-XX:Tier4BackEdgeThreshold=400000',
];

function jvmFlags(options: KafkaBrokerOptions, classArchive: string): string[] {
  return [
    `-Xmx${String(options.heapMb ?? 512)}m`,
    // On two cores and half a gigabyte the serial collector pauses for milliseconds and starts quicker than G1.
    '-XX:+UseSerialGC',
    ...(options.quickStart === true ? ['-XX:TieredStopAtLevel=1'] : lateCompiler),
    ...(options.writeClassArchive === undefined
      ? // The shared classes halve the start: 1.9 s to 1.0 s, with the quick compiler to 0.7 s.
        ['-Xshare:auto', ...(existsSync(classArchive) ? [`-XX:SharedArchiveFile=${classArchive}`] : [])]
      : [`-XX:ArchiveClassesAtExit=${options.writeClassArchive}`]),
  ];
}

function brokerProperties({ port, controllerPort }: KafkaBrokerOptions, logsDir: string): string {
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${String(controllerPort)}`,
    listeners: `PLAINTEXT://127.0.0.1:${String(port)},CONTROLLER://127.0.0.1:${String(controllerPort)}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${String(port)}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': logsDir,
    'auto.create.topics.enable': false,
    'num.partitions': 6,
    // One node can't hold a second copy.
    'default.replication.factor': 1,
    'min.insync.replicas': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 6,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 6,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    // A lone developer waits for nobody to join, and a killed member is missed after seconds, not minutes.
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 2000,
    // After a kill -9 the controller takes the node back when this has passed; the default is 9 s.
    'broker.heartbeat.interval.ms': 500,
    'broker.session.timeout.ms': 4000,
    'transaction.max.timeout.ms': 900_000,
    // An abandoned transaction is ended soon, or read_committed readers would wait for it.
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': 1000,
  };
  return `${Object.entries(properties)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join('\n')}\n`;
}
