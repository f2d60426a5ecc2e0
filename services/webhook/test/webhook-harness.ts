import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@fleetstream/config';
import { topics, topicSpecs } from '@fleetstream/contracts';
import { createKafkaClient, ensureTopics, readLog } from '@fleetstream/kafka';
import { silentLog } from '@fleetstream/kernel';
import { findFreePort, type LocalProcess, startKafkaBroker, startRedis } from '@fleetstream/local';
import { deriveRobotSecret, signatureHeaders, signContent } from '@fleetstream/signing';
import { createComponents } from '../src/app.ts';
import { webhookConfig } from '../src/config.ts';

export const masterKey = Buffer.alloc(32, 7);

/** One test file's own broker and Redis, so that it may stop them. */
export interface Backing {
  readonly kafkaBrokers: string;
  readonly redisUrl: string;
  stopKafka(): Promise<void>;
  startKafka(): Promise<void>;
  stopRedis(): Promise<void>;
  startRedis(): Promise<void>;
  /** Every record of the log, by partition and offset. */
  readEvents(): Promise<{ key: string; value: string; contentType: string | undefined }[]>;
  close(): Promise<void>;
}

export async function startBacking(): Promise<Backing> {
  const directory = mkdtempSync(join(tmpdir(), 'fleetstream-webhook-'));
  const [port, controllerPort, redisPort] = [await findFreePort(), await findFreePort(), await findFreePort()];
  const kafkaOptions = {
    dataDir: join(directory, 'kafka'),
    port,
    controllerPort,
    logFile: join(directory, 'kafka.log'),
    quickStart: true,
  };
  const redisOptions = { dataDir: join(directory, 'redis'), port: redisPort, logFile: join(directory, 'redis.log') };
  let kafka: LocalProcess | undefined = await startKafkaBroker(kafkaOptions);
  let redis: LocalProcess | undefined = await startRedis(redisOptions);
  const client = createKafkaClient({ brokers: [kafka.address], clientId: 'webhook-test', log: silentLog });
  await ensureTopics(client, [{ ...eventsSpec(), partitions: 6 }]);
  return {
    kafkaBrokers: kafka.address,
    redisUrl: redis.address,
    stopKafka: async () => {
      await kafka?.stop();
      kafka = undefined;
    },
    startKafka: async () => {
      kafka = await startKafkaBroker(kafkaOptions);
    },
    stopRedis: async () => {
      await redis?.kill();
      redis = undefined;
    },
    startRedis: async () => {
      redis = await startRedis(redisOptions);
    },
    readEvents: async () => {
      const records = [];
      for await (const { key, value, contentType } of readLog({ kafka: client, topic: topics.events })) {
        records.push({ key: String(key), value: String(value), contentType });
      }
      return records;
    },
    close: async () => {
      await Promise.all([kafka?.kill(), redis?.kill()]);
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function eventsSpec(): { name: string; config: Readonly<Record<string, string>> } {
  const spec = topicSpecs.find(({ name }) => name === topics.events);
  if (spec === undefined) throw new Error('no events topic');
  return { name: spec.name, config: spec.config };
}

/** A pod on a port of its own, with everything that a test may want to change. */
export interface TestPod {
  readonly url: string;
  readonly port: number;
  post(robotId: string, body: string | Buffer, options?: PostOptions): Promise<PostAnswer>;
  /** Begins the orderly stop that SIGTERM begins. */
  stop(): Promise<void>;
}

export interface PostOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly webhookId?: string;
  readonly secretOf?: string;
  readonly unsigned?: boolean;
  readonly timestampSeconds?: number;
}

export interface PostAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly code?: string;
    readonly status?: number;
    readonly requestId?: string;
    readonly clockOffsetMs?: number;
    readonly results?: readonly { readonly id: string; readonly result: string; readonly code?: string }[];
  };
}

export async function startPod(
  backing: Pick<Backing, 'kafkaBrokers' | 'redisUrl'>,
  environment: Readonly<Record<string, string>> = {},
): Promise<TestPod> {
  const config = loadConfig(
    webhookConfig,
    {
      WEBHOOK_HTTP_PORT: '0',
      WEBHOOK_MASTER_KEY: masterKey.toString('base64'),
      WEBHOOK_DRAIN_DELAY_MS: '0',
      KAFKA_BROKERS: backing.kafkaBrokers,
      REDIS_URL: backing.redisUrl,
      LOG_LEVEL: 'silent',
      ...environment,
    },
    { prefix: 'WEBHOOK_' },
  );
  const webhook = createComponents(config, silentLog);
  const stops: (() => Promise<void>)[] = [];
  for (const component of webhook.components) stops.unshift(await component.start());
  const port = webhook.port();
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    port,
    post: (robotId, body, options) => postEvents(url, robotId, body, options),
    stop: async () => {
      for (const stop of stops.splice(0)) await stop();
    },
  };
}

export function signedHeaders(
  robotId: string,
  body: string | Buffer,
  options: PostOptions = {},
): Record<string, string> {
  if (options.unsigned === true) return {};
  const id = options.webhookId ?? `msg_${randomUUID()}`;
  const timestamp = String(options.timestampSeconds ?? Math.floor(Date.now() / 1000));
  const secret = deriveRobotSecret(masterKey, options.secretOf ?? robotId, 1);
  return {
    [signatureHeaders.id]: id,
    [signatureHeaders.timestamp]: timestamp,
    [signatureHeaders.signature]: signContent(secret, { id, timestamp, body: Buffer.from(body) }),
  };
}

async function postEvents(
  url: string,
  robotId: string,
  body: string | Buffer,
  options: PostOptions = {},
): Promise<PostAnswer> {
  const response = await fetch(`${url}/v1/robots/${robotId}/events`, {
    method: 'POST',
    headers: {
      'content-type': 'application/cloudevents+json',
      ...signedHeaders(robotId, body, options),
      ...options.headers,
    },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as PostAnswer['body'] };
}

/** A canonical event. */
export function robotEvent(robotId: string, id: string, data: object = { battery: { percent: 71.5 } }): object {
  return {
    specversion: '1.0',
    id,
    source: `/robots/${robotId}`,
    type: 'robot.state.v1',
    time: '2026-03-01T10:00:00Z',
    data,
  };
}

export async function waitUntil(condition: () => Promise<boolean> | boolean, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
