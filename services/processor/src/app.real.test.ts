import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadConfig } from '@fleetstream/config';
import { topics, topicSpecs } from '@fleetstream/contracts';
import {
  createKafkaClient,
  createPartitionAppender,
  ensureTopics,
  fetchCommitted,
  fetchOffsets,
  partitionForKey,
  readLog,
} from '@fleetstream/kafka';
import { type Log, silentLog } from '@fleetstream/kernel';
import { findFreePort, type LocalProcess, startKafkaBroker } from '@fleetstream/local';
import { type Stop } from '@fleetstream/runtime';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createComponents } from './app.ts';
import { processorConfig } from './config.ts';

const partitions = 3;
const token = 'a-token-for-tests-only';
const directory = mkdtempSync(join(tmpdir(), 'fleetstream-processor-'));
let broker: LocalProcess;

interface Running {
  readonly url: string;
  /** `partition opened` lines. */
  readonly opened: Record<string, unknown>[];
  readonly get: (path: string, headers?: Record<string, string>) => Promise<{ status: number; body: string }>;
  stop(): Promise<void>;
}

const running: Running[] = [];

function collectingLog(opened: Record<string, unknown>[]): Log {
  const log: Log = {
    ...silentLog,
    info: (fields, message) => {
      if (message === 'partition opened') opened.push({ ...fields });
    },
    error: (fields, message) => {
      console.error(message, fields);
    },
    child: () => log,
  };
  return log;
}

async function startProcessor(name: string): Promise<Running> {
  const opened: Record<string, unknown>[] = [];
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
      PROCESSOR_OFFLINE_AFTER_MS: '1500',
      KAFKA_BROKERS: broker.address,
    },
    { prefix: 'PROCESSOR_' },
  );
  const processor = createComponents(config, collectingLog(opened));
  const stops: Stop[] = [];
  for (const component of processor.components) stops.unshift(await component.start());
  const url = `http://127.0.0.1:${processor.port()}`;
  const instance: Running = {
    url,
    opened,
    get: async (path, headers = { authorization: `Bearer ${token}` }) => {
      const response = await fetch(url + path, { headers });
      return { status: response.status, body: await response.text() };
    },
    stop: async () => {
      running.splice(running.indexOf(instance), 1);
      for (const stop of stops) await stop();
    },
  };
  running.push(instance);
  await until(async () => (await instance.get('/readyz')).status === 200);
  return instance;
}

async function until(check: () => Promise<boolean>, withinMs = 30_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${check.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function append(events: readonly { robotId: string; id: string }[]): Promise<void> {
  const appender = createPartitionAppender({ kafka: client(), topic: topics.events });
  await appender.start();
  for (const { robotId, id } of events) {
    const event = {
      specversion: '1.0',
      id,
      source: `/robots/${robotId}`,
      type: 'robot.state.v1',
      data: { mode: 'AUTOMATIC' },
    };
    const value = JSON.stringify(event);
    await appender.append({ partition: partitionForKey(robotId, partitions), key: robotId, value });
  }
  await appender.stop();
}

function client() {
  return createKafkaClient({ brokers: [broker.address], clientId: 'processor-test', log: silentLog });
}

async function caughtUp(): Promise<boolean> {
  const [ends, committed] = await Promise.all([
    fetchOffsets(client(), topics.events),
    fetchCommitted(client(), 'fleetstream-processor', topics.events),
  ]);
  return [...ends].every(([partition, { end }]) => end === 0 || committed.get(partition) === end);
}

async function countOfflineAlerts(robotId: string): Promise<number> {
  let count = 0;
  for await (const { key, value } of readLog({ kafka: client(), topic: topics.alerts })) {
    const { data } = JSON.parse(String(value)) as { data: { alert?: string } };
    if (String(key) === robotId && data.alert === 'robot-offline') count += 1;
  }
  return count;
}

const robotIds = Array.from({ length: 20 }, (_, index) => `robot-${index}`);

beforeAll(async () => {
  broker = await startKafkaBroker({
    dataDir: join(directory, 'kafka'),
    port: await findFreePort(),
    controllerPort: await findFreePort(),
    logFile: join(directory, 'kafka.log'),
    quickStart: true,
  });
  await ensureTopics(
    client(),
    topicSpecs.map(({ name, config }) => ({ name, partitions, config })),
  );
});

afterEach(async () => {
  for (const instance of [...running]) await instance.stop();
});

afterAll(async () => {
  await broker.kill();
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});

describe('a processor', () => {
  it('folds events into states that its API serves, and counts what it did', async () => {
    const one = await startProcessor('one');
    await append(robotIds.map((robotId) => ({ robotId, id: `${robotId}-first` })));
    await until(caughtUp);
    const robot = await one.get('/v1/robots/robot-3');
    expect(robot.status).toBe(200);
    expect(JSON.parse(robot.body)).toMatchObject({
      robotId: 'robot-3',
      partition: partitionForKey('robot-3', partitions),
    });
    const all = JSON.parse((await one.get('/v1/robots')).body) as { robots: { robotId: string }[]; asOf: unknown[] };
    expect(all.robots.map(({ robotId }) => robotId).sort()).toEqual([...robotIds].sort());
    expect(all.asOf).toHaveLength(partitions);
    expect((await one.get('/metrics')).body).toContain('fleetstream_processor_records_total');
    expect(one.opened.map(({ openedFrom }) => openedFrom)).toEqual(Array(partitions).fill('log'));
  });

  it.each([
    { name: 'an unknown robot is 404', path: '/v1/robots/nobody', headers: undefined, code: 'FS_ROBOT_UNKNOWN' },
    { name: 'a bad robot id is 400', path: '/v1/robots/-', headers: undefined, code: 'FS_ROBOT_ID_INVALID' },
    { name: 'an unknown path is 404', path: '/v1/else', headers: undefined, code: 'FS_NOT_FOUND' },
    { name: 'no token is 401', path: '/v1/robots', headers: {}, code: 'FS_TOKEN_INVALID' },
    {
      name: 'a wrong token is 401',
      path: '/v1/robots',
      headers: { authorization: 'Bearer x' },
      code: 'FS_TOKEN_INVALID',
    },
  ])('answers with problem documents: $name', async ({ path, headers, code }) => {
    const one = await startProcessor('one');
    const { status, body } = await (headers === undefined ? one.get(path) : one.get(path, headers));
    expect(JSON.parse(body)).toMatchObject({ code, status });
  });

  it('tells that a robot went offline though nothing else comes, by ticks, and once', async () => {
    await startProcessor('one');
    await append([{ robotId: 'quiet', id: 'quiet-1' }]);
    await until(async () => (await countOfflineAlerts('quiet')) > 0);
    await until(caughtUp);
    expect(await countOfflineAlerts('quiet')).toBe(1);
  });

  it('goes on from its local state after a restart, and from a checkpoint when its disk is gone', async () => {
    const first = await startProcessor('two');
    await append(robotIds.map((robotId) => ({ robotId, id: `${robotId}-second` })));
    await until(caughtUp);
    const before = (await first.get('/v1/robots/robot-5')).body;
    await until(async () => {
      const { partitions: all } = JSON.parse((await first.get('/v1/partitions')).body) as {
        partitions: { lastCheckpoint: { appliedOffset: number } | null; appliedOffset: number }[];
      };
      return all.every(({ lastCheckpoint, appliedOffset }) => lastCheckpoint?.appliedOffset === appliedOffset);
    });
    await first.stop();
    const restarted = await startProcessor('two');
    expect(restarted.opened.map(({ openedFrom }) => openedFrom)).toEqual(Array(partitions).fill('local'));
    await restarted.stop();
    const elsewhere = await startProcessor('three');
    expect(elsewhere.opened.map(({ openedFrom }) => openedFrom)).toEqual(Array(partitions).fill('checkpoint'));
    const stateOf = (body: string) => (JSON.parse(body) as { state: unknown }).state;
    expect(stateOf((await elsewhere.get('/v1/robots/robot-5')).body)).toMatchObject(stateOf(before) as object);
  });

  it('shares partitions with a second instance, and each answers for all', async () => {
    const one = await startProcessor('one');
    const two = await startProcessor('two');
    await until(async () => {
      const counts = await Promise.all(
        [one, two].map(
          async ({ get }) => (JSON.parse((await get('/readyz')).body) as { partitions: unknown[] }).partitions.length,
        ),
      );
      return (
        counts.every((count) => count > 0) && counts[0] !== undefined && counts[0] + (counts[1] ?? 0) === partitions
      );
    });
    await append(robotIds.map((robotId) => ({ robotId, id: `${robotId}-third` })));
    await until(caughtUp);
    await until(
      async () => (await one.get('/v1/robots')).status === 200 && (await two.get('/v1/robots')).status === 200,
    );
    const bodies = await Promise.all([one, two].map(async ({ get }) => (await get('/v1/robots')).body));
    const ids = bodies.map((body) =>
      (JSON.parse(body) as { robots: { robotId: string; state: unknown }[] }).robots
        .map(({ robotId }) => robotId)
        .sort(),
    );
    expect(ids[0]).toEqual(ids[1]);
    for (const robotId of robotIds) expect((await two.get(`/v1/robots/${robotId}`)).status).toBe(200);
    const view = JSON.parse((await two.get('/v1/partitions')).body) as {
      partitions: { partition: number; owner: string }[];
    };
    expect(view.partitions.map(({ partition }) => partition)).toEqual([...Array(partitions).keys()]);
    expect(new Set(view.partitions.map(({ owner }) => owner))).toEqual(new Set([one.url, two.url]));
    await two.stop();
    await until(async () => (await one.get('/v1/robots')).status === 200);
  });
});
