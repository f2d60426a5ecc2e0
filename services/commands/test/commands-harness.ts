import { type KeyObject, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Role, type Scopes, signToken } from '@fleetstream/access';
import { loadConfig } from '@fleetstream/config';
import { topics, topicSpecs, toRobotSource } from '@fleetstream/contracts';
import { createKafkaClient, createLogProducer, ensureTopics, readLog } from '@fleetstream/kafka';
import { silentLog } from '@fleetstream/kernel';
import { findFreePort, startKafkaBroker, startRedis } from '@fleetstream/local';
import { deriveRobotSecret, signatureHeaders, signContent, signContentPublic } from '@fleetstream/signing';
import { createComponents } from '../src/app.ts';
import { commandsConfig } from '../src/config.ts';
import { startModelTask } from './model-task.ts';

const masterKey = Buffer.alloc(32, 5);
const secret = 'the secret of the tests, thirty-two bytes long';
const partitions = 2;

/** A broker, a Redis and the robot model, for one test file. */
export interface Backing {
  readonly kafkaBrokers: string;
  readonly redisUrl: string;
  /** Says something as a robot, past the webhook. */
  say(robotId: string, type: string, data: object): Promise<void>;
  /** The data of every event of a type, in the order of the log. */
  readEvents(type: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export async function startBacking(): Promise<Backing> {
  const directory = mkdtempSync(join(tmpdir(), 'fleetstream-commands-'));
  const [port, controllerPort, redisPort] = [await findFreePort(), await findFreePort(), await findFreePort()];
  const [kafka, redis] = await Promise.all([
    startKafkaBroker({
      dataDir: join(directory, 'kafka'),
      port,
      controllerPort,
      logFile: join(directory, 'kafka.log'),
      quickStart: true,
    }),
    startRedis({ dataDir: join(directory, 'redis'), port: redisPort, logFile: join(directory, 'redis.log') }),
  ]);
  const client = createKafkaClient({ brokers: [kafka.address], clientId: 'commands-test', log: silentLog });
  const followed: readonly string[] = [topics.events, topics.commands, topics.alerts, topics.states, topics.rollouts];
  const wanted = topicSpecs.filter(({ name }) => followed.includes(name));
  await ensureTopics(
    client,
    wanted.map(({ name, config }) => ({ name, config, partitions })),
  );
  const stopModel = await startModelTask(client, partitions);
  const producer = createLogProducer({ kafka: client, log: silentLog, topics: [topics.events], lingerMs: 0 });
  const stopProducer = await producer.start();
  return {
    kafkaBrokers: kafka.address,
    redisUrl: redis.address,
    say: async (robotId, type, data) => {
      const event = { specversion: '1.0', id: randomUUID(), source: toRobotSource(robotId), type, data };
      await producer.append([{ topic: topics.events, key: robotId, value: JSON.stringify(event) }]);
    },
    readEvents: async (type) => {
      const found: Record<string, unknown>[] = [];
      for await (const { value } of readLog({ kafka: client, topic: topics.events })) {
        const event = JSON.parse(String(value)) as { type: string; data: Record<string, unknown> };
        if (event.type === type) found.push(event.data);
      }
      return found;
    },
    close: async () => {
      await stopModel();
      await stopProducer();
      await Promise.all([kafka.kill(), redis.kill()]);
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** An instance of the service on a port of its own. */
export interface TestService {
  readonly url: string;
  post(robotId: string, body: unknown, options?: PostOptions): Promise<Answer>;
  get(path: string, role?: Role): Promise<Answer>;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  poll(robotId: string, options?: PollOptions): Promise<Answer>;
  stop(): Promise<void>;
}

export interface PostOptions {
  readonly key?: string | undefined;
  readonly role?: Role;
}

/** Who calls and with what. */
export interface CallOptions {
  readonly role?: Role;
  readonly subject?: string;
  readonly scopes?: Scopes;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface PollOptions {
  readonly waitSeconds?: number;
  readonly secretOf?: string;
  readonly webhookId?: string;
  /** The robot's own ed25519 key, which signs instead of its secret. */
  readonly privateKey?: KeyObject;
  readonly signal?: AbortSignal;
}

export async function startService(
  backing: Pick<Backing, 'kafkaBrokers' | 'redisUrl'>,
  environment: Readonly<Record<string, string>> = {},
): Promise<TestService> {
  const given = {
    COMMANDS_HTTP_PORT: '0',
    COMMANDS_MASTER_KEY: masterKey.toString('base64'),
    COMMANDS_JWT_SECRET: secret,
    COMMANDS_DRAIN_DELAY_MS: '0',
    KAFKA_BROKERS: backing.kafkaBrokers,
    REDIS_URL: backing.redisUrl,
    LOG_LEVEL: 'silent',
    ...environment,
  };
  const service = createComponents(loadConfig(commandsConfig, given, { prefix: 'COMMANDS_' }), silentLog);
  const stops: (() => Promise<void>)[] = [];
  for (const component of service.components) stops.unshift(await component.start());
  const url = `http://127.0.0.1:${service.port()}`;
  while (!(await fetch(`${url}/readyz`)).ok) await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    url,
    post: async (robotId, body, { key = randomUUID(), role = 'operator' } = {}) =>
      await send(`${url}/v1/robots/${robotId}/commands`, {
        method: 'POST',
        headers: {
          ...(await bearer(role)),
          'content-type': 'application/json',
          ...(key !== '' && { 'idempotency-key': key }),
        },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    get: async (path, role = 'viewer') => await send(url + path, { headers: await bearer(role) }),
    call: async (method, path, { role = 'admin', subject = `test-${role}`, scopes = {}, key, headers, body } = {}) =>
      await send(url + path, {
        method,
        headers: {
          ...(await bearer(role, subject, scopes)),
          ...(key !== undefined && { 'idempotency-key': key }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    poll: async (
      robotId,
      { waitSeconds = 0, secretOf = robotId, webhookId = randomUUID(), privateKey, signal } = {},
    ) => {
      const target = `/v1/robots/${robotId}/commands?waitSeconds=${waitSeconds}`;
      const headers = toSignedHeaders(secretOf, target, webhookId, privateKey);
      return await send(url + target, { headers, ...(signal !== undefined && { signal }) });
    },
    stop: async () => {
      for (const stop of stops.splice(0)) await stop();
    },
  };
}

export async function bearer(
  role: Role,
  subject = `test-${role}`,
  scopes: Scopes = {},
): Promise<Record<string, string>> {
  return {
    authorization: `Bearer ${await signToken(secret, { subject, role, scopes, expiresInSeconds: 60 })}`,
  };
}

function toSignedHeaders(
  robotId: string,
  target: string,
  id: string,
  privateKey: KeyObject | undefined,
): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const content = { id, timestamp, body: Buffer.from(target) };
  return {
    [signatureHeaders.id]: id,
    [signatureHeaders.timestamp]: timestamp,
    [signatureHeaders.signature]:
      privateKey === undefined
        ? signContent(deriveRobotSecret(masterKey, robotId, 1), content)
        : signContentPublic(privateKey, content),
  };
}

async function send(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: JSON.parse(text || '{}') as Answer['body'] };
}
