import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createKafkaClient, ensureTopics, fetchCommitted, fetchOffsets } from '@fleetstream/kafka';
import { AppError, silentLog } from '@fleetstream/kernel';
import { findFreePort, type LocalProcess, startKafkaBroker } from '@fleetstream/local';
import { arePeersThere, createPeers } from '../processor/peers.ts';
import { type BenchContext, type Say } from './bench-command.ts';
import { buildPeerPrograms, type PeerPrograms } from './build-java.ts';
import { type RobotTraffic, startRobotTraffic } from './robot-traffic.ts';

export interface StageOptions {
  readonly robots: number;
  readonly stateBytes: number;
  readonly seed: number;
  /** `undefined`: ours alone. */
  readonly peersDir: string | undefined;
}

type Kafka = ReturnType<typeof createKafkaClient>;

/** One broker, one topic of robots, one folder, and the peers' programs: what all engines of a bench have in common. */
export interface BenchStage {
  readonly kafka: Kafka;
  readonly brokers: string;
  readonly folder: string;
  readonly inputTopic: string;
  readonly partitions: readonly number[];
  readonly traffic: RobotTraffic;
  readonly peers: PeerPrograms | undefined;
  /** Makes an engine's output topics. @returns their names */
  openOutputs(engine: string): Promise<{ readonly outputTopic: string; readonly deadLetterTopic: string }>;
  /** Resolves when the group has committed all that was appended so far. */
  caughtUp(groupId: string): Promise<void>;
  /** A folder under another name, to be deleted when it is in nobody's way. */
  setAside(dir: string): Promise<void>;
  end(): Promise<void>;
}

const partitionCount = 6;
const inputTopic = 'robots';
const caughtUpWithinMs = 15 * 60_000;

export async function startBenchStage(options: StageOptions, context: BenchContext, say: Say): Promise<BenchStage> {
  const folder = await mkdtemp(join(tmpdir(), 'fleetstream-bench-'));
  let broker: LocalProcess | undefined;
  try {
    broker = await startKafkaBroker({
      ...{ dataDir: join(folder, 'kafka'), logFile: join(folder, 'kafka.log'), heapMb: 1024 },
      ...{ port: await findFreePort(), controllerPort: await findFreePort() },
    });
    const kafka = createKafkaClient({ brokers: [broker.address], clientId: 'fleetstream-bench', log: silentLog });
    const peers = await preparePeers(options, broker, context, join(folder, 'java'), say);
    await ensureTopics(kafka, [{ name: inputTopic, partitions: partitionCount, config: {} }]);
    const traffic = await startRobotTraffic({ kafka, topic: inputTopic, ...options, log: silentLog });
    return new Stage({ kafka, broker, folder, traffic, peers });
  } catch (thrown) {
    await broker?.kill();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    throw thrown;
  }
}

async function preparePeers(
  { peersDir }: StageOptions,
  broker: LocalProcess,
  { env, nodeFile }: BenchContext,
  targetDir: string,
  say: Say,
): Promise<PeerPrograms | undefined> {
  if (peersDir === undefined || !arePeersThere(peersDir)) {
    say(`NO PEERS (${peersDir === undefined ? '--ours' : `none in ${peersDir}`}): ours runs alone.`);
    return undefined;
  }
  const home = env['PEERS_HOME'] ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'fleetstream', 'peers');
  const workload = { topic: inputTopic, events: 0, robots: 0 };
  const { address, pid } = broker;
  await createPeers({ dir: peersDir, home, env, nodeFile, broker: { address, pid }, ...workload, say }).setUp();
  return await buildPeerPrograms(home, targetDir);
}

interface StageParts {
  readonly kafka: Kafka;
  readonly broker: LocalProcess;
  readonly folder: string;
  readonly traffic: RobotTraffic;
  readonly peers: PeerPrograms | undefined;
}

class Stage implements BenchStage {
  readonly kafka: Kafka;
  readonly brokers: string;
  readonly folder: string;
  readonly inputTopic = inputTopic;
  readonly partitions = Array.from({ length: partitionCount }, (_, partition) => partition);
  readonly traffic: RobotTraffic;
  readonly peers: PeerPrograms | undefined;
  readonly #broker: LocalProcess;
  #asides = 0;

  constructor({ kafka, broker, folder, traffic, peers }: StageParts) {
    this.kafka = kafka;
    this.brokers = broker.address;
    this.folder = folder;
    this.traffic = traffic;
    this.peers = peers;
    this.#broker = broker;
  }

  async openOutputs(engine: string): Promise<{ readonly outputTopic: string; readonly deadLetterTopic: string }> {
    const names = { outputTopic: `out-${engine}`, deadLetterTopic: `dlq-${engine}` };
    const topics = Object.values(names).map((name) => ({ name, partitions: partitionCount, config: {} }));
    await ensureTopics(this.kafka, topics);
    return names;
  }

  async caughtUp(groupId: string): Promise<void> {
    const ends = await fetchOffsets(this.kafka, inputTopic);
    const startMs = performance.now();
    for (;;) {
      // A group that has just begun has no coordinator yet, and a busy broker answers late: it is asked again.
      const committed = await fetchCommitted(this.kafka, groupId, inputTopic).catch(() => new Map<number, number>());
      if ([...ends].every(([partition, { end }]) => (committed.get(partition) ?? 0) >= end)) return;
      if (performance.now() - startMs > caughtUpWithinMs) {
        throw new AppError('FS_NOT_READY', `${groupId} has not caught up within ${caughtUpWithinMs / 60_000} minutes`);
      }
      await delay(250);
    }
  }

  async setAside(dir: string): Promise<void> {
    const asides = join(this.folder, 'set-aside');
    await mkdir(asides, { recursive: true });
    await rename(dir, join(asides, String(this.#asides++)));
  }

  async end(): Promise<void> {
    await this.traffic.stop().catch(() => undefined);
    await this.#broker.kill();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
