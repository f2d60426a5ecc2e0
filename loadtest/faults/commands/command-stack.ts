import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kill } from 'node:process';
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
import { type CommandRobot } from './command-robots.ts';
import { pushTimeoutMs, type PushedRobots, startPushedRobots } from './pushed-robots.ts';

export const commandParts = ['commands', 'processor', 'webhook'] as const;

export type CommandPart = (typeof commandParts)[number];

/** Two of each part, on a broker and a Redis of their own. */
export interface CommandStack {
  readonly kafka: ReturnType<typeof createKafkaClient>;
  readonly masterKey: Buffer;
  readonly operatorToken: string;
  /** Where robots have their commands pushed to. */
  readonly callbacks: PushedRobots;
  urlsOf(part: CommandPart): readonly string[];
  /** Lets it die at a point, `name:N`. */
  arm(part: CommandPart, slot: number, setting: string): void;
  /** Whether it has died at a point before `late` settles. */
  diesBefore(part: CommandPart, slot: number, late: Promise<unknown>): Promise<boolean>;
  /** Kills it, if it hasn't died yet, and starts it again, armed with `setting`. */
  restart(part: CommandPart, slot: number, setting?: string): Promise<void>;
  /** Resolves when all of them are ready. */
  ready(): Promise<void>;
  end(keep: boolean): Promise<void>;
}

export interface CommandStackOptions {
  readonly context: FaultContext;
  /** Of all rounds: those with a callback are in the list of robots from the beginning. */
  readonly robots?: readonly CommandRobot[];
  /** Short waits for whatever is not answered, and checkpoints each second, so that all of it happens within a round. */
  readonly brisk?: boolean;
  /** See `planted-delivery-bugs.ts`. */
  readonly plantedBug?: string;
}

const robotsFile = 'robots.json';
const secret = 'only for this run, on this machine, and long enough';
export const partSlots = [0, 1] as const;

const waitsMs = {
  usual: { answerWithin: 1_500, reoffer: 800, checkpoint: 10_000 },
  brisk: { answerWithin: 800, reoffer: 300, checkpoint: 1_000 },
} as const;
const programs: Readonly<Record<CommandPart, string>> = {
  commands: 'loadtest/faults/commands/command-worker.program.ts',
  processor: 'loadtest/faults/worker/main.ts',
  webhook: 'loadtest/faults/commands/webhook-worker.program.ts',
};

export async function startCommandStack(options: CommandStackOptions): Promise<CommandStack> {
  const { context, robots = [] } = options;
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
  const masterKey = randomBytes(32);
  const callbacks = await startPushedRobots(masterKey);
  const pushed = robots.filter(({ channel }) => channel === 'push');
  const list = pushed.map(({ robotId: id }) => ({ id, callbackUrl: callbacks.urlOf(id) }));
  writeFileSync(join(directory, robotsFile), JSON.stringify({ robots: list }));
  const stack = new Stack({ ...options, directory, kafka, operatorToken, masterKey, callbacks, broker, redis });
  for (const part of commandParts) for (const slot of partSlots) await stack.restart(part, slot);
  return stack;
}

interface StackParts extends Pick<CommandStack, 'kafka' | 'operatorToken' | 'masterKey' | 'callbacks'> {
  readonly context: FaultContext;
  readonly plantedBug?: string;
  readonly brisk?: boolean;
  readonly directory: string;
  readonly broker: LocalProcess;
  readonly redis: LocalProcess;
}

class Stack implements CommandStack {
  readonly kafka;
  readonly operatorToken;
  readonly masterKey;
  readonly callbacks;
  readonly #parts: StackParts;
  readonly #ports = new Map<string, number>();
  readonly #running = new Map<string, LocalProcess>();

  constructor(parts: StackParts) {
    this.#parts = parts;
    this.kafka = parts.kafka;
    this.operatorToken = parts.operatorToken;
    this.masterKey = parts.masterKey;
    this.callbacks = parts.callbacks;
  }

  urlsOf(part: CommandPart): readonly string[] {
    return partSlots.map((slot) => this.#urlOf(part, slot));
  }

  arm(part: CommandPart, slot: number, setting: string): void {
    const running = this.#running.get(`${part}-${slot}`);
    writeFileSync(this.#faultFileOf(part, slot), setting);
    if (running !== undefined) kill(running.pid, 'SIGUSR2');
  }

  async diesBefore(part: CommandPart, slot: number, late: Promise<unknown>): Promise<boolean> {
    const died = this.#running.get(`${part}-${slot}`)?.exited.then(({ signal }) => signal === 'SIGKILL');
    return (await Promise.race([died, late.then(() => false)])) === true;
  }

  async restart(part: CommandPart, slot: number, setting?: string): Promise<void> {
    const { context, directory } = this.#parts;
    const name = `${part}-${slot}`;
    await this.#running.get(name)?.kill();
    if (!this.#ports.has(name)) this.#ports.set(name, await findFreePort());
    const started = spawnLocalProcess({
      ...{ name, address: this.#urlOf(part, slot), appendLog: true, stopTimeoutMs: 30_000 },
      command: context.nodeFile,
      args: ['--disable-warning=TimeoutNegativeWarning', join(context.root, programs[part])],
      environment: {
        ...this.#environmentOf(part, slot),
        FLEETSTREAM_FAULT_FILE: this.#faultFileOf(part, slot),
        FLEETSTREAM_FAULT_POINT: setting,
      },
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
    const { context, directory, broker, redis, callbacks } = this.#parts;
    await Promise.all([...this.#running.values()].map((started) => started.kill()));
    await Promise.all([broker.kill(), redis.kill(), callbacks.close()]);
    if (keep) context.say(`what was left is in ${directory}`);
    else await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }

  #urlOf(part: CommandPart, slot: number): string {
    return `http://127.0.0.1:${this.#ports.get(`${part}-${slot}`) ?? 0}`;
  }

  #faultFileOf(part: CommandPart, slot: number): string {
    return join(this.#parts.directory, `${part}-${slot}.fault`);
  }

  #environmentOf(part: CommandPart, slot: number): Record<string, string> {
    const { directory, broker, redis, plantedBug = '', masterKey, brisk = false } = this.#parts;
    const waits = waitsMs[brisk ? 'brisk' : 'usual'];
    const port = String(this.#ports.get(`${part}-${slot}`) ?? 0);
    const key = masterKey.toString('base64');
    const shared = { KAFKA_BROKERS: broker.address, LOG_LEVEL: 'info' };
    switch (part) {
      case 'webhook':
        return {
          ...{ ...shared, REDIS_URL: redis.address, WEBHOOK_HTTP_PORT: port, WEBHOOK_MASTER_KEY: key },
          // What a robot shows must not be shed and come after what it says.
          ...{ WEBHOOK_LOOP_LAG_MAX_MS: '60000', WEBHOOK_LOG_LATENCY_MAX_MS: '60000' },
        };
      case 'commands':
        return {
          ...{ ...shared, REDIS_URL: redis.address, COMMANDS_HTTP_PORT: port, COMMANDS_MASTER_KEY: key },
          ...{ COMMANDS_JWT_SECRET: secret, COMMANDS_DRAIN_DELAY_MS: '0', COMMANDS_REOFFER_MS: String(waits.reoffer) },
          ...{ COMMANDS_PLATFORM_FILE: join(directory, robotsFile), COMMANDS_ALLOW_PRIVATE_CALLBACKS: 'true' },
          ...{ COMMANDS_PUSH_TIMEOUT_MS: String(pushTimeoutMs), COMMANDS_RATE_PER_SECOND: '1000' },
          FLEETSTREAM_PLANTED_BUG: plantedBug,
        };
      case 'processor':
        return {
          ...{ ...shared, PROCESSOR_HTTP_PORT: port, PROCESSOR_API_TOKEN: secret.replaceAll(/\W/g, '-') },
          PROCESSOR_STATE_DIR: join(directory, `state-${slot}`),
          PROCESSOR_CHECKPOINT_URL: pathToFileURL(join(directory, 'checkpoints')).href,
          PROCESSOR_CHECKPOINT_INTERVAL_MS: String(waits.checkpoint),
          PROCESSOR_SESSION_TIMEOUT_MS: '6000',
          PROCESSOR_TICK_INTERVAL_MS: '200',
          PROCESSOR_COMMAND_ANSWER_WITHIN_MS: String(waits.answerWithin),
          PROCESSOR_MEMTABLE_BYTES: String(256 * 1024),
        };
    }
  }
}
