import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signToken } from '@fleetstream/access';
import { topics, topicSpecs } from '@fleetstream/contracts';
import { createKafkaClient, ensureTopics, readLog } from '@fleetstream/kafka';
import { silentLog } from '@fleetstream/kernel';
import {
  findFreePort,
  type LocalProcess,
  probeHttp,
  spawnLocalProcess,
  startKafkaBroker,
  startRedis,
} from '@fleetstream/local';
import { until } from '../restore/until.ts';
import { type FaultContext } from '../scenario.ts';

/** What an instance of the command service answers when it is asked for the robots. */
export interface ToldRobots {
  readonly robots: readonly { readonly id: string }[];
  readonly fetchedAt: string;
  readonly ageMs: number;
  readonly stale: boolean;
}

export interface RobotEvent {
  readonly robotId: string;
  readonly type: string;
}

/** Broker, Redis and two instances of the command service, as processes of their own. */
export interface PlatformStack {
  readonly instances: readonly number[];
  /** `undefined` when the instance gave no list. */
  ask(instance: number): Promise<ToldRobots | undefined>;
  /** Kills an instance with SIGKILL and starts it again; resolves when it is ready. */
  replace(instance: number): Promise<void>;
  /** What the log was told of robots, in its order for each robot. */
  readEvents(): Promise<readonly RobotEvent[]>;
  end(): Promise<void>;
}

export interface PlatformStackOptions {
  readonly context: FaultContext;
  readonly environment: Readonly<Record<string, string>>;
}

const host = '127.0.0.1';
const instances = [0, 1] as const;
const askTimeoutMs = 10_000;

export async function startPlatformStack({ context, environment }: PlatformStackOptions): Promise<PlatformStack> {
  const directory = await mkdtemp(join(tmpdir(), 'fleetstream-platform-'));
  const started: LocalProcess[] = [];
  const services = new Map<number, LocalProcess>();
  const end = async (): Promise<void> => {
    for (const process of [...started, ...services.values()].reverse()) await process.kill();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const backing = await startBacking(directory, started);
    const jwtSecret = randomBytes(32).toString('hex');
    const token = await signToken(jwtSecret, { subject: 'faults', role: 'viewer', expiresInSeconds: 86_400 });
    const startService = async (instance: number): Promise<void> => {
      const port = await findFreePort();
      const service = spawnLocalProcess({
        name: `commands-${instance}`,
        command: context.nodeFile,
        args: ['--disable-warning=TimeoutNegativeWarning', join(context.root, 'services/commands/src/main.ts')],
        environment: {
          ...context.environment,
          COMMANDS_HTTP_PORT: String(port),
          COMMANDS_MASTER_KEY: randomBytes(32).toString('base64'),
          COMMANDS_JWT_SECRET: jwtSecret,
          KAFKA_BROKERS: backing.kafkaBrokers,
          REDIS_URL: backing.redisUrl,
          LOG_LEVEL: 'warn',
          ...environment,
        },
        address: `http://${host}:${port}`,
        logFile: join(directory, `commands-${instance}.log`),
        appendLog: true,
      });
      services.set(instance, service);
      await until('the command service is ready', () => probeHttp(`${service.address}/readyz`).catch(() => false), {
        stop: context.stop,
        timeoutMs: 60_000,
      });
    };
    await Promise.all(instances.map(startService));
    return {
      instances,
      ask: (instance) => ask(services.get(instance)?.address ?? '', token),
      replace: async (instance) => {
        await services.get(instance)?.kill();
        await startService(instance);
      },
      readEvents: backing.readEvents,
      end,
    };
  } catch (thrown) {
    await end();
    throw thrown;
  }
}

async function startBacking(
  directory: string,
  started: LocalProcess[],
): Promise<{ kafkaBrokers: string; redisUrl: string; readEvents: PlatformStack['readEvents'] }> {
  const onSpawned = (process: LocalProcess) => void started.push(process);
  const kafka = await startKafkaBroker({
    dataDir: join(directory, 'kafka'),
    port: await findFreePort(),
    controllerPort: await findFreePort(),
    logFile: join(directory, 'kafka.log'),
    quickStart: true,
    onSpawned,
  });
  const redis = await startRedis({
    dataDir: join(directory, 'redis'),
    port: await findFreePort(),
    logFile: join(directory, 'redis.log'),
    onSpawned,
  });
  const client = createKafkaClient({ brokers: [kafka.address], clientId: 'faults-platform', log: silentLog });
  await ensureTopics(
    client,
    topicSpecs.map(({ name, config }) => ({ name, partitions: 2, config })),
  );
  return {
    kafkaBrokers: kafka.address,
    redisUrl: redis.address,
    readEvents: async () => {
      const events: RobotEvent[] = [];
      for await (const { key, value } of readLog({ kafka: client, topic: topics.events })) {
        events.push({ robotId: String(key), type: (JSON.parse(String(value)) as { type: string }).type });
      }
      return events;
    },
  };
}

async function ask(address: string, token: string): Promise<ToldRobots | undefined> {
  const headers = { authorization: `Bearer ${token}` };
  const signal = AbortSignal.timeout(askTimeoutMs);
  try {
    const answer = await fetch(`${address}/v1/platform/robots`, { headers, signal });
    return answer.ok ? ((await answer.json()) as ToldRobots) : undefined;
  } catch {
    // No answer is what the scenario counts.
    return undefined;
  }
}
