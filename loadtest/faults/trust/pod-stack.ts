import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { topics, topicSpecs } from '@fleetstream/contracts';
import { createKafkaClient, ensureTopics, readLog } from '@fleetstream/kafka';
import { AppError, silentLog } from '@fleetstream/kernel';
import {
  findFreePort,
  type LocalProcess,
  probeHttp,
  spawnLocalProcess,
  startEnvoy,
  startKafkaBroker,
  startRedis,
} from '@fleetstream/local';
import { kafkaApi, startKafkaProxy } from '@fleetstream/testing';
import { envoyTemplateUrl, renderEnvoy } from '../../../deploy/gateway/render-envoy.ts';
import { ensureCertificate } from '../../../deploy/local/src/parts/tls-certificate.ts';
import { until } from '../restore/until.ts';
import { type FaultContext } from '../scenario.ts';
import { collectGarbage } from './collect-garbage.ts';

export interface PodStackOptions {
  readonly name: string;
  readonly context: FaultContext;
  readonly pods: number;
  /** Envoy before the pods, with the configuration of production. */
  readonly gateway: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  /** PEM of the authority that the gateway takes client certificates of. */
  readonly clientCaFile?: string;
  /** Lets `memory` be asked. */
  readonly inspected?: boolean;
  /** What the log takes longer than it would to acknowledge a batch to the pods. */
  readonly produceDelayMs?: number;
}

/** Broker, Redis, webhook pods as processes of their own and, if asked for, the gateway. */
export interface PodStack {
  readonly masterKey: Buffer;
  readonly redisUrl: string;
  readonly podUrls: readonly string[];
  readonly gateway: { readonly port: number; readonly ca: string; readonly pid: number } | undefined;
  /** Of pods that are inspected, when all their garbage is gone. */
  memory(): Promise<StackMemory>;
  /** Whether each pod is still the process that was started. */
  alive(): boolean;
  /** The ids in the log, by robot. */
  readIds(): Promise<ReadonlyMap<string, ReadonlySet<string>>>;
  metrics(): Promise<readonly string[]>;
  end(): Promise<void>;
}

export interface StackMemory {
  /** In the heaps and buffers of all pods together. */
  readonly heapBytes: number;
  /** Of all pods together, from the system. */
  readonly podBytes: number;
  /** Of the gateway. */
  readonly gatewayBytes: number;
}

const host = '127.0.0.1';

export async function startPodStack(options: PodStackOptions): Promise<PodStack> {
  const directory = await mkdtemp(join(tmpdir(), `fleetstream-${options.name}-`));
  const started: LocalProcess[] = [];
  const ending: (() => Promise<void>)[] = [];
  const end = async (): Promise<void> => {
    for (const process of started.reverse()) await process.stop();
    for (const stop of ending) await stop();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    return await startParts(options, directory, { started, ending, end });
  } catch (thrown) {
    await end();
    throw thrown;
  }
}

interface Endings {
  readonly started: LocalProcess[];
  /** Of what is no process of its own. */
  readonly ending: (() => Promise<void>)[];
  readonly end: () => Promise<void>;
}

async function startParts(
  options: PodStackOptions,
  directory: string,
  { started, ending, end }: Endings,
): Promise<PodStack> {
  const kafka = await startKafkaBroker({
    dataDir: join(directory, 'kafka'),
    port: await findFreePort(),
    controllerPort: await findFreePort(),
    logFile: join(directory, 'kafka.log'),
    quickStart: true,
    onSpawned: (process) => started.push(process),
  });
  const redis = await startRedis({
    dataDir: join(directory, 'redis'),
    port: await findFreePort(),
    logFile: join(directory, 'redis.log'),
    onSpawned: (process) => started.push(process),
  });
  const client = createKafkaClient({ brokers: [kafka.address], clientId: `faults-${options.name}`, log: silentLog });
  await ensureTopics(
    client,
    topicSpecs.map(({ name, config }) => ({ name, partitions: 6, config })),
  );
  const brokers = await slowDown(kafka.address, options.produceDelayMs, ending);
  const masterKey = randomBytes(32);
  const environment = {
    WEBHOOK_MASTER_KEY: masterKey.toString('base64'),
    KAFKA_BROKERS: brokers,
    REDIS_URL: redis.address,
    LOG_LEVEL: 'error',
    ...options.environment,
  };
  const { pods, inspectorPorts } = await startPods(options, directory, environment, started);
  const podUrls = pods.map(({ address }) => address);
  await until('the pods are ready', async () => (await Promise.all(podUrls.map(isReady))).every(Boolean), {
    stop: options.context.stop,
    timeoutMs: 60_000,
  });
  const gateway = options.gateway ? await startGateway(directory, podUrls, started, options.clientCaFile) : undefined;
  let ended = false;
  for (const pod of pods) void pod.exited.then(() => (ended = true));
  return {
    masterKey,
    redisUrl: redis.address,
    podUrls,
    gateway,
    memory: async () => {
      const held = await Promise.all(inspectorPorts.map(collectGarbage));
      return {
        heapBytes: held.reduce((sum, bytes) => sum + bytes, 0),
        podBytes: pods.reduce((sum, { pid }) => sum + readRssBytes(pid), 0),
        gatewayBytes: gateway === undefined ? 0 : readRssBytes(gateway.pid),
      };
    },
    alive: () => !ended,
    readIds: async () => {
      const ids = new Map<string, Set<string>>();
      for await (const { key, value } of readLog({ kafka: client, topic: topics.events })) {
        const ofRobot = ids.get(String(key)) ?? new Set();
        ofRobot.add((JSON.parse(String(value)) as { id: string }).id);
        ids.set(String(key), ofRobot);
      }
      return ids;
    },
    metrics: () => Promise.all(podUrls.map(async (url) => await (await fetch(`${url}/metrics`)).text())),
    end,
  };
}

/** @returns where pods find the broker */
async function slowDown(broker: string, delayMs: number | undefined, ending: (() => Promise<void>)[]): Promise<string> {
  if (delayMs === undefined) return broker;
  const proxy = await startKafkaProxy({ broker });
  ending.push(() => proxy.stop());
  proxy.addRule(({ apiKey }) => (apiKey === kafkaApi.produce ? { delayMs } : 'pass'));
  return proxy.address;
}

async function startPods(
  { context, pods: count, inspected }: PodStackOptions,
  directory: string,
  environment: Readonly<Record<string, string>>,
  started: LocalProcess[],
): Promise<{ readonly pods: readonly LocalProcess[]; readonly inspectorPorts: readonly number[] }> {
  const pods: LocalProcess[] = [];
  const inspectorPorts: number[] = [];
  for (let pod = 0; pod < count; pod += 1) {
    if (inspected === true) inspectorPorts.push(await findFreePort());
    const logFile = join(directory, `pod-${pod}.log`);
    pods.push(await startPod(context, { logFile, environment, inspectorPort: inspectorPorts[pod] }, started));
  }
  return { pods, inspectorPorts };
}

interface PodStart {
  readonly logFile: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly inspectorPort: number | undefined;
}

async function startPod(
  { root, nodeFile, environment: ours }: FaultContext,
  { logFile, environment, inspectorPort }: PodStart,
  started: LocalProcess[],
): Promise<LocalProcess> {
  const port = await findFreePort();
  const pod = spawnLocalProcess({
    name: 'webhook',
    command: nodeFile,
    args: [
      '--disable-warning=TimeoutNegativeWarning',
      ...(inspectorPort === undefined ? [] : [`--inspect=${host}:${inspectorPort}`]),
      join(root, 'services/webhook/src/main.ts'),
    ],
    environment: { PATH: ours['PATH'], ...environment, WEBHOOK_HTTP_PORT: String(port), WEBHOOK_DRAIN_DELAY_MS: '0' },
    logFile,
    address: `http://${host}:${port}`,
  });
  started.push(pod);
  return pod;
}

async function startGateway(
  directory: string,
  podUrls: readonly string[],
  started: LocalProcess[],
  clientCaFile: string | undefined,
): Promise<NonNullable<PodStack['gateway']>> {
  const tls = await ensureCertificate(join(directory, 'tls'), Date.now());
  const [gatewayPort, adminPort, unused] = [await findFreePort(), await findFreePort(), await findFreePort()];
  const configFile = join(directory, 'envoy.yaml');
  const config = renderEnvoy(readFileSync(envoyTemplateUrl, 'utf8'), {
    bindAddress: host,
    gatewayPort,
    adminPort,
    certFile: tls.certificateFile,
    keyFile: tls.keyFile,
    clientCaFile,
    webhookEndpoints: podUrls.map((url) => ({ host, port: Number(new URL(url).port) })),
    processorEndpoints: [{ host, port: unused }],
    commandEndpoints: [{ host, port: unused }],
  });
  writeFileSync(configFile, config);
  const { pid } = await startEnvoy({
    configFile,
    adminPort,
    address: `https://localhost:${gatewayPort}`,
    logFile: join(directory, 'envoy.log'),
    onSpawned: (process) => started.push(process),
  });
  return { port: gatewayPort, ca: readFileSync(tls.caFile, 'utf8'), pid };
}

async function isReady(url: string): Promise<boolean> {
  return await probeHttp(`${url}/readyz`).catch(() => false);
}

function readRssBytes(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  if (!Number.isFinite(pages)) throw new AppError('FS_INTERNAL', `the memory of process ${pid} cannot be read`);
  return pages * 4096;
}
