import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { signToken } from '@fleetstream/access';
import { topicSpecs } from '@fleetstream/contracts';
import { createKafkaClient, ensureTopics, fetchOffsets } from '@fleetstream/kafka';
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

export const commandParts = ['commands', 'processor', 'webhook'] as const;

export type CommandPart = (typeof commandParts)[number];

/** Two of each part, on a broker and a Redis of their own. */
export interface CommandStack {
  readonly kafka: ReturnType<typeof createKafkaClient>;
  readonly masterKey: Buffer;
  readonly operatorToken: string;
  urlsOf(part: CommandPart): readonly string[];
  /** Kills it, if it hasn't died at a point yet, and starts it again; `environment` arms a point in the new one. */
  restart(part: CommandPart, slot: number, environment?: Readonly<Record<string, string>>): Promise<void>;
  /** Resolves when all of them are ready. */
  ready(): Promise<void>;
  end(keep: boolean): Promise<void>;
}

const secret = 'only for this run, on this machine, and long enough';
/** Short, so that what nobody answers is asked about within a round. */
const answerWithinMs = 1_500;
export const partSlots = [0, 1] as const;

export async function startCommandStack(context: FaultContext): Promise<CommandStack> {
  const directory = await mkdtemp(join(tmpdir(), 'fleetstream-command-kill-'));
  const [port, controllerPort, redisPort] = [await findFreePort(), await findFreePort(), await findFreePort()];
  const file = (name: string) => join(directory, name);
  const [broker, redis] = await Promise.all([
    startKafkaBroker({ dataDir: file('kafka'), port, controllerPort, logFile: file('kafka.log'), quickStart: true }),
    startRedis({ dataDir: file('redis'), port: redisPort, logFile: file('redis.log') }),
  ]);
  const kafka = createKafkaClient({ brokers: [broker.address], clientId: 'command-kill', log: silentLog });
  await ensureTopics(
    kafka,
    topicSpecs.map(({ name, config }) => ({ name, partitions: 2, config })),
  );
  // A part that starts before its topics have leaders ends at once, and nobody here would start it again.
  const haveLeaders = async () => {
    const asked = await Promise.allSettled(topicSpecs.map(({ name }) => fetchOffsets(kafka, name)));
    return asked.every(({ status }) => status === 'fulfilled');
  };
  await until('the topics have leaders', haveLeaders, { stop: context.stop });
  const operatorToken = await signToken(secret, { subject: 'operator', role: 'admin', expiresInSeconds: 86_400 });
  const stack = new Stack({ context, directory, kafka, operatorToken, broker, redis });
  for (const part of commandParts) for (const slot of partSlots) await stack.restart(part, slot);
  return stack;
}

interface StackParts {
  readonly context: FaultContext;
  readonly directory: string;
  readonly kafka: CommandStack['kafka'];
  readonly operatorToken: string;
  readonly broker: LocalProcess;
  readonly redis: LocalProcess;
}

class Stack implements CommandStack {
  readonly kafka;
  readonly operatorToken: string;
  readonly masterKey = randomBytes(32);
  readonly #parts: StackParts;
  readonly #ports = new Map<string, number>();
  readonly #running = new Map<string, LocalProcess>();

  constructor(parts: StackParts) {
    this.#parts = parts;
    this.kafka = parts.kafka;
    this.operatorToken = parts.operatorToken;
  }

  urlsOf(part: CommandPart): readonly string[] {
    return partSlots.map((slot) => this.#urlOf(part, slot));
  }

  async restart(part: CommandPart, slot: number, environment: Readonly<Record<string, string>> = {}): Promise<void> {
    const { context, directory } = this.#parts;
    const name = `${part}-${slot}`;
    await this.#running.get(name)?.kill();
    if (!this.#ports.has(name)) this.#ports.set(name, await findFreePort());
    const program =
      part === 'commands' ? 'loadtest/faults/commands/command-worker.program.ts' : `services/${part}/src/main.ts`;
    const started = spawnLocalProcess({
      ...{ name, address: this.#urlOf(part, slot), appendLog: true, stopTimeoutMs: 30_000 },
      command: context.nodeFile,
      args: ['--disable-warning=TimeoutNegativeWarning', join(context.root, program)],
      environment: { ...this.#environmentOf(part, slot), ...environment },
      logFile: join(directory, `${name}.log`),
    });
    this.#running.set(name, started);
  }

  async ready(): Promise<void> {
    for (const part of commandParts) {
      for (const url of this.urlsOf(part)) {
        const isReady = () => probeHttp(`${url}/readyz`).catch(() => false);
        await until(`${part} at ${url} is ready`, isReady, { stop: this.#parts.context.stop, timeoutMs: 120_000 });
      }
    }
  }

  async end(keep: boolean): Promise<void> {
    const { context, directory, broker, redis } = this.#parts;
    await Promise.all([...this.#running.values()].map((started) => started.kill()));
    await Promise.all([broker.kill(), redis.kill()]);
    if (keep) context.say(`what was left is in ${directory}`);
    else await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }

  #urlOf(part: CommandPart, slot: number): string {
    return `http://127.0.0.1:${this.#ports.get(`${part}-${slot}`) ?? 0}`;
  }

  #environmentOf(part: CommandPart, slot: number): Record<string, string> {
    const { directory, broker, redis, context } = this.#parts;
    const port = String(this.#ports.get(`${part}-${slot}`) ?? 0);
    const key = this.masterKey.toString('base64');
    const shared = { KAFKA_BROKERS: broker.address, LOG_LEVEL: 'info' };
    switch (part) {
      case 'webhook':
        return { ...shared, REDIS_URL: redis.address, WEBHOOK_HTTP_PORT: port, WEBHOOK_MASTER_KEY: key };
      case 'commands':
        return {
          ...{ ...shared, REDIS_URL: redis.address, COMMANDS_HTTP_PORT: port, COMMANDS_MASTER_KEY: key },
          ...{ COMMANDS_JWT_SECRET: secret, COMMANDS_REOFFER_MS: '800', COMMANDS_DRAIN_DELAY_MS: '0' },
          FLEETSTREAM_PLANTED_BUG: context.environment['FLEETSTREAM_PLANTED_BUG'] ?? '',
        };
      case 'processor':
        return {
          ...{ ...shared, PROCESSOR_HTTP_PORT: port, PROCESSOR_API_TOKEN: secret.replaceAll(/\W/g, '-') },
          PROCESSOR_STATE_DIR: join(directory, `state-${slot}`),
          PROCESSOR_CHECKPOINT_URL: pathToFileURL(join(directory, 'checkpoints')).href,
          PROCESSOR_SESSION_TIMEOUT_MS: '6000',
          PROCESSOR_TICK_INTERVAL_MS: '200',
          PROCESSOR_COMMAND_ANSWER_WITHIN_MS: String(answerWithinMs),
          PROCESSOR_MEMTABLE_BYTES: String(256 * 1024),
        };
    }
  }
}
