import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from 'node:process';
import { topics } from '@fleetstream/contracts';
import { createKafkaClient, createLogProducer } from '@fleetstream/kafka';
import { AppError, silentLog } from '@fleetstream/kernel';
import {
  findFreePort,
  type LocalProcess,
  probeHttp,
  spawnLocalProcess,
  startEnvoy,
  startRedis,
} from '@fleetstream/local';
import { envoyTemplateUrl, renderEnvoy } from '../../../deploy/gateway/render-envoy.ts';
import { ensureCertificate } from '../../../deploy/local/src/parts/tls-certificate.ts';
import { until } from '../restore/until.ts';
import { type FaultContext } from '../scenario.ts';
import { type StackPieces } from '../stack/stack-scenario.ts';
import { type RobotTraffic, startRobotTraffic } from './robot-traffic.ts';

export interface PodStackOptions {
  readonly seed: number;
  readonly context: FaultContext;
  readonly robots: number;
  readonly eventsPerSecond: number;
  /** Overrides what pods are told by default. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Webhook pods behind Envoy and beside a Redis, and the robots that send to them. */
export interface PodStack {
  /** For `defineStackScenario`: pods and robots take the place of the usual traffic. */
  readonly pieces: StackPieces;
  traffic(): RobotTraffic;
  podUrl(slot: number): string;
  isReady(slot: number): Promise<boolean>;
  /** Resolves when the pod answers that it is ready. */
  ready(slot: number): Promise<void>;
  /** Resolves when the gateway gives requests to every pod. */
  shared(): Promise<void>;
  /**
   * Kills the pod while at least so many requests are under way in it: it is stopped between two instructions, its
   * requests are counted by the gateway, and it never goes on.
   *
   * @returns how many there were
   */
  killPodWith(slot: number, requestsMin: number): Promise<number>;
  /** Ends it by SIGTERM. @returns its exit code */
  stopPod(slot: number): Promise<number | null>;
  startPod(slot: number): Promise<void>;
  killRedis(): Promise<void>;
  restartRedis(): Promise<void>;
  /** Resolves when so many more events were acknowledged than now. */
  acknowledged(events: number): Promise<void>;
}

export const podSlots = [0, 1] as const;
const settleWithinMs = 90_000;

export async function createPodStack(options: PodStackOptions): Promise<PodStack> {
  const redisPort = await findFreePort();
  const ports = [await findFreePort(), await findFreePort()];
  return new Pods(options, redisPort, ports);
}

class Pods implements PodStack {
  readonly pieces: StackPieces;
  readonly #options: PodStackOptions;
  readonly #redisPort: number;
  readonly #ports: readonly number[];
  readonly #masterKey = randomBytes(32);
  readonly #pods = new Map<number, LocalProcess>();
  #directory = '';
  #brokers = '';
  #adminPort = 0;
  #redis: LocalProcess | undefined;
  #envoy: LocalProcess | undefined;
  #traffic: RobotTraffic | undefined;

  constructor(options: PodStackOptions, redisPort: number, ports: readonly number[]) {
    this.#options = options;
    this.#redisPort = redisPort;
    this.#ports = ports;
    this.pieces = {
      environment: { REDIS_URL: `redis://127.0.0.1:${redisPort}` },
      startTraffic: (brokers, directory) => this.#start(brokers, directory),
      end: () => this.#end(),
    };
  }

  traffic(): RobotTraffic {
    if (this.#traffic === undefined) throw new AppError('FS_NOT_READY', 'The robots have not begun');
    return this.#traffic;
  }

  podUrl(slot: number): string {
    return `http://127.0.0.1:${this.#ports[slot] ?? 0}`;
  }

  async isReady(slot: number): Promise<boolean> {
    return await probeHttp(`${this.podUrl(slot)}/readyz`).catch(() => false);
  }

  async ready(slot: number): Promise<void> {
    await this.#until(`pod ${slot} is ready`, () => this.isReady(slot));
  }

  async shared(): Promise<void> {
    await this.#until('every pod has requests', async () => {
      const requests = await Promise.all(podSlots.map((slot) => this.#requestsIn(slot)));
      return requests.every((count) => count > 0);
    });
  }

  async killPodWith(slot: number, requestsMin: number): Promise<number> {
    const pod = this.#pods.get(slot);
    if (pod === undefined) throw new AppError('FS_NOT_READY', `Pod ${slot} does not run`);
    let requests = 0;
    await this.#until(`${requestsMin} requests are under way in pod ${slot}`, async () => {
      if ((await this.#requestsIn(slot)) < requestsMin) return false;
      // Only of a pod that stands still is a count still true when it is killed.
      kill(pod.pid, 'SIGSTOP');
      requests = await this.#requestsIn(slot);
      if (requests < requestsMin) kill(pod.pid, 'SIGCONT');
      return requests >= requestsMin;
    });
    await pod.kill();
    return requests;
  }

  async stopPod(slot: number): Promise<number | null> {
    return (await this.#pods.get(slot)?.stop())?.code ?? null;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- starting is not awaited here, `ready` is for that
  async startPod(slot: number): Promise<void> {
    const { root, nodeFile } = this.#options.context;
    const started = spawnLocalProcess({
      name: `webhook ${slot}`,
      command: nodeFile,
      args: ['--disable-warning=TimeoutNegativeWarning', join(root, 'services/webhook/src/main.ts')],
      environment: {
        KAFKA_BROKERS: this.#brokers,
        REDIS_URL: `redis://127.0.0.1:${this.#redisPort}`,
        WEBHOOK_HTTP_PORT: String(this.#ports[slot] ?? 0),
        WEBHOOK_MASTER_KEY: this.#masterKey.toString('base64'),
        WEBHOOK_ACK_TIMEOUT_MS: '3000',
        WEBHOOK_DRAIN_DELAY_MS: '1500',
        // Requests stay under way for a while, so that a kill finds many.
        WEBHOOK_LINGER_MS: '150',
        LOG_LEVEL: 'info',
        ...this.#options.environment,
      },
      logFile: join(this.#directory, `webhook-${slot}.log`),
      address: this.podUrl(slot),
      appendLog: true,
      stopTimeoutMs: 30_000,
    });
    this.#pods.set(slot, started);
  }

  async killRedis(): Promise<void> {
    await this.#redis?.kill();
  }

  async restartRedis(): Promise<void> {
    this.#redis = await startRedis({
      dataDir: join(this.#directory, 'redis'),
      port: this.#redisPort,
      logFile: join(this.#directory, 'redis.log'),
    });
  }

  async acknowledged(events: number): Promise<void> {
    const wanted = this.traffic().journal.length + events;
    await this.#until(`${events} events more are acknowledged`, () =>
      Promise.resolve(this.traffic().journal.length >= wanted),
    );
  }

  async #start(brokers: string, directory: string): Promise<RobotTraffic> {
    this.#brokers = brokers;
    this.#directory = directory;
    await this.restartRedis();
    await this.#appendPoison();
    for (const slot of podSlots) await this.startPod(slot);
    const { url, ca } = await this.#startGateway();
    for (const slot of podSlots) await this.ready(slot);
    const { seed, robots, eventsPerSecond } = this.#options;
    this.#traffic = startRobotTraffic({ url, ca, masterKey: this.#masterKey, seed, robots, eventsPerSecond });
    return this.#traffic;
  }

  /** Requests that the gateway has given to a pod and has no answer of. */
  async #requestsIn(slot: number): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${this.#adminPort}/clusters`);
    const line = `webhook::127.0.0.1:${this.#ports[slot] ?? 0}::rq_active::`;
    const found = (await answer.text()).split('\n').find((one) => one.startsWith(line));
    return Number(found?.slice(line.length) ?? 0);
  }

  /** No pod lets a record through that can't be folded; the oracle wants to see one handled all the same. */
  async #appendPoison(): Promise<void> {
    const kafka = createKafkaClient({ brokers: [this.#brokers], clientId: 'poison', log: silentLog });
    const producer = createLogProducer({ kafka, log: silentLog, topics: [topics.events] });
    const stop = await producer.start();
    await producer.append([{ topic: topics.events, key: 'robot-0', value: 'poison' }]);
    await stop();
  }

  async #startGateway(): Promise<{ url: string; ca: string }> {
    const [gatewayPort, adminPort, nowhere] = [await findFreePort(), await findFreePort(), await findFreePort()];
    this.#adminPort = adminPort;
    const tls = await ensureCertificate(join(this.#directory, 'tls'), Date.now());
    const endpoint = (port: number) => ({ host: '127.0.0.1', port });
    const configFile = join(this.#directory, 'envoy.yaml');
    const rendered = renderEnvoy(readFileSync(envoyTemplateUrl, 'utf8'), {
      ...{ bindAddress: '127.0.0.1', gatewayPort, adminPort, certFile: tls.certificateFile, keyFile: tls.keyFile },
      webhookEndpoints: this.#ports.map(endpoint),
      processorEndpoints: [endpoint(nowhere)],
      commandEndpoints: [endpoint(nowhere)],
    });
    writeFileSync(configFile, rendered);
    const url = `https://127.0.0.1:${gatewayPort}`;
    this.#envoy = await startEnvoy({
      ...{ configFile, adminPort, address: url },
      logFile: join(this.#directory, 'envoy.log'),
    });
    return { url, ca: readFileSync(tls.caFile, 'utf8') };
  }

  async #end(): Promise<void> {
    await Promise.all([...this.#pods.values()].map((pod) => pod.kill()));
    await this.#envoy?.kill();
    await this.#redis?.kill();
  }

  async #until(what: string, check: () => Promise<boolean>): Promise<void> {
    await until(what, check, { stop: this.#options.context.stop, timeoutMs: settleWithinMs });
  }
}
