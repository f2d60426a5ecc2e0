import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadConfig } from '@fleetstream/config';
import { topics } from '@fleetstream/contracts';
import { createLogProducer } from '@fleetstream/kafka';
import { type Log, silentLog } from '@fleetstream/kernel';
import { type Stop } from '@fleetstream/runtime';
import { createComponents } from '../src/app.ts';
import { processorConfig } from '../src/config.ts';
import { startTestBroker, type TestBroker } from './test-broker.ts';
import { until } from './until.ts';

const token = 'a-token-for-tests-only';

export interface RunningProcessor {
  readonly url: string;
  /** With the token, or with `headers` and nothing else. */
  readonly get: (path: string, headers?: Readonly<Record<string, string>>) => Promise<{ status: number; body: string }>;
  /** The parsed body of a 200. */
  getJson<Body>(path: string): Promise<Body>;
  stop(): Promise<void>;
}

export interface WrittenRecord {
  readonly key: string | null;
  readonly value: string | Buffer | null;
  readonly partition?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A broker of its own with the platform's topics, and processors on it: the topics' names are fixed. */
export interface ProcessorHarness {
  readonly directory: string;
  readonly client: TestBroker['client'];
  start(name: string, environment?: Readonly<Record<string, string>>, log?: Log): Promise<RunningProcessor>;
  /** Events of robots, one after the other. */
  append(events: readonly { readonly robotId: string; readonly event: object }[]): Promise<Position[]>;
  /** Records as they are, whatever is in them. */
  write(records: readonly WrittenRecord[]): Promise<void>;
  /** Waits until everything in the log is committed. */
  caughtUp(): Promise<void>;
  stop(): Promise<void>;
}

export interface Position {
  readonly partition: number;
  readonly offset: number;
}

export async function startHarness(partitions: number): Promise<ProcessorHarness> {
  const broker = await startTestBroker(partitions);
  const { client } = broker;
  const running = new Set<RunningProcessor>();
  return {
    ...{ directory: broker.directory, client },
    start: async (name, environment = {}, log = silentLog) => {
      const processor = await startProcessor({ broker, name, environment, log });
      const stop = async () => {
        if (running.delete(wrapped)) await processor.stop();
      };
      const wrapped = { ...processor, stop };
      running.add(wrapped);
      return wrapped;
    },
    append: async (events) => {
      const producer = createLogProducer({ kafka: client(), log: silentLog, topics: [topics.events], lingerMs: 0 });
      const stop = await producer.start();
      try {
        return await producer.append(
          events.map(({ robotId, event }, at) => ({
            topic: topics.events,
            key: robotId,
            value: JSON.stringify({
              ...{ specversion: '1.0', id: `${robotId}-${Date.now()}-${at}`, source: `/robots/${robotId}` },
              ...event,
            }),
          })),
        );
      } finally {
        await stop();
      }
    },
    write: (records) => writeRecords(client(), records),
    caughtUp: async () => {
      await until(() => broker.isCaughtUp('fleetstream-processor'));
    },
    stop: async () => {
      for (const processor of running) await processor.stop();
      await broker.stop();
    },
  };
}

async function writeRecords(kafka: ReturnType<TestBroker['client']>, records: readonly WrittenRecord[]): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  const messages = records.map((record) => ({
    ...record,
    headers: record.headers ?? { 'content-type': 'application/cloudevents+json' },
  }));
  await producer.send({ topic: topics.events, messages });
  await producer.disconnect();
}

interface StartOptions {
  readonly broker: TestBroker;
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly log: Log;
}

async function startProcessor(options: StartOptions): Promise<RunningProcessor> {
  const { broker, name, environment, log } = options;
  const { directory } = broker;
  const config = loadConfig(
    processorConfig,
    {
      PROCESSOR_HTTP_PORT: '0',
      PROCESSOR_API_TOKEN: token,
      PROCESSOR_STATE_DIR: join(directory, name),
      PROCESSOR_CHECKPOINT_URL: pathToFileURL(join(directory, 'checkpoints')).href,
      PROCESSOR_SESSION_TIMEOUT_MS: '3000',
      PROCESSOR_STATE_INTERVAL_MS: '200',
      PROCESSOR_CHECKPOINT_INTERVAL_MS: '500',
      PROCESSOR_TICK_INTERVAL_MS: '200',
      KAFKA_BROKERS: broker.address,
      ...environment,
    },
    { prefix: 'PROCESSOR_' },
  );
  const processor = createComponents(config, log);
  const stops: Stop[] = [];
  for (const component of processor.components) stops.unshift(await component.start());
  const url = `http://127.0.0.1:${processor.port()}`;
  const get: RunningProcessor['get'] = async (path, headers = { authorization: `Bearer ${token}` }) => {
    const response = await fetch(url + path, { headers });
    return { status: response.status, body: await response.text() };
  };
  const stop = async () => {
    for (const each of stops) await each();
  };
  try {
    await until(async () => (await get('/readyz')).status === 200);
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return {
    url,
    get,
    getJson: async <Body>(path: string) => {
      const { status, body } = await get(path);
      if (status !== 200) throw new Error(`${path} answered ${status}: ${body}`);
      return JSON.parse(body) as Body;
    },
    stop,
  };
}
