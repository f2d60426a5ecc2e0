import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signToken } from '@fleetstream/access';
import { topicSpecs } from '@fleetstream/contracts';
import { createKafkaClient, ensureTopics } from '@fleetstream/kafka';
import { silentLog } from '@fleetstream/kernel';
import { findFreePort, type LocalProcess, spawnLocalProcess, startKafkaBroker, startRedis } from '@fleetstream/local';
import { until } from '../faults/restore/until.ts';
import { type FaultContext } from '../faults/scenario.ts';

/** A broker, a Redis and a command service that lists two robots. */
export interface CommandsStack {
  readonly url: string;
  readonly masterKey: Buffer;
  /** An administrator's. */
  readonly token: string;
  alive(): boolean;
  end(): Promise<void>;
}

export async function startCommandsStack(context: FaultContext): Promise<CommandsStack> {
  const directory = await mkdtemp(join(tmpdir(), 'fleetstream-openapi-'));
  const started: LocalProcess[] = [];
  const end = async () => {
    for (const process of started.reverse()) await process.stop();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const [masterKey, secret] = [randomBytes(32), randomBytes(32).toString('hex')];
    const service = await startService(context, directory, started, { masterKey, secret });
    let ended = false;
    void service.exited.then(() => (ended = true));
    const isReady = async () => (await fetch(`${service.address}/readyz`).catch(() => undefined))?.ok === true;
    await until('the service is ready', isReady, { stop: context.stop, timeoutMs: 120_000 });
    const token = await signToken(secret, { subject: 'schemathesis', role: 'admin', expiresInSeconds: 86_400 });
    return { url: service.address, masterKey, token, alive: () => !ended, end };
  } catch (thrown) {
    await end();
    throw thrown;
  }
}

async function startService(
  { root, nodeFile, environment }: FaultContext,
  directory: string,
  started: LocalProcess[],
  { masterKey, secret }: { readonly masterKey: Buffer; readonly secret: string },
): Promise<LocalProcess> {
  const onSpawned = (process: LocalProcess) => started.push(process);
  const kafka = await startKafkaBroker({
    ...{ dataDir: join(directory, 'kafka'), logFile: join(directory, 'kafka.log'), quickStart: true, onSpawned },
    ...{ port: await findFreePort(), controllerPort: await findFreePort() },
  });
  const redis = await startRedis({
    ...{ dataDir: join(directory, 'redis'), logFile: join(directory, 'redis.log'), onSpawned },
    port: await findFreePort(),
  });
  const client = createKafkaClient({ brokers: [kafka.address], clientId: 'openapi', log: silentLog });
  await ensureTopics(
    client,
    topicSpecs.map(({ name, config }) => ({ name, partitions: 2, config })),
  );
  const robotsFile = join(directory, 'robots.json');
  await writeFile(robotsFile, JSON.stringify({ robots: [{ id: 'a' }, { id: 'b', fleet: 'f', site: 's' }] }));
  const port = await findFreePort();
  const service = spawnLocalProcess({
    name: 'commands',
    command: nodeFile,
    args: ['--disable-warning=TimeoutNegativeWarning', join(root, 'services/commands/src/main.ts')],
    environment: {
      ...{
        PATH: environment['PATH'] ?? '',
        KAFKA_BROKERS: kafka.address,
        REDIS_URL: redis.address,
        LOG_LEVEL: 'error',
      },
      ...{ COMMANDS_HTTP_PORT: String(port), COMMANDS_MASTER_KEY: masterKey.toString('base64') },
      ...{ COMMANDS_JWT_SECRET: secret, COMMANDS_PLATFORM_FILE: robotsFile, COMMANDS_DRAIN_DELAY_MS: '0' },
      // Nobody publishes a table of keys here, nobody waits for commands, and a tester is in a hurry.
      ...{ COMMANDS_KEYS_REQUIRED: 'false', COMMANDS_POLL_SECONDS_MAX: '0', COMMANDS_RATE_PER_SECOND: '100000' },
      COMMANDS_RATE_BURST: '1000000',
    },
    logFile: join(directory, 'commands.log'),
    address: `http://127.0.0.1:${port}`,
  });
  started.push(service);
  return service;
}
