import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { topics, topicSpecs } from '@fleetstream/contracts';
import {
  createKafkaClient,
  createLogProducer,
  ensureTopics,
  fetchCommitted,
  fetchOffsets,
  type LogProducer,
} from '@fleetstream/kafka';
import { silentLog } from '@fleetstream/kernel';
import { findFreePort, type LocalProcess, startKafkaBroker } from '@fleetstream/local';
import { createRobotFold, defaultRobotRules } from '@fleetstream/robot-model';
import { type ServedStates, verifyRun } from '@fleetstream/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const partitions = 6;
const groupId = 'ownership-test';
const token = 'a-token-for-tests-only';
const offlineAfterMs = 700;
let directory: string;
let broker: LocalProcess;
let producer: LogProducer;
let stopProducer: () => Promise<void>;

interface Processor {
  readonly url: string;
  readonly child: ChildProcess;
  readonly name: string;
}

interface View {
  readonly partition: number;
  readonly owner: string;
  readonly phase: string;
}

const running = new Map<string, Processor>();

async function start(name: string, more: Record<string, string> = {}): Promise<Processor> {
  const port = await findFreePort();
  const child = spawn(
    execPath,
    ['--disable-warning=TimeoutNegativeWarning', fileURLToPath(new URL('main.ts', import.meta.url))],
    {
      env: {
        PROCESSOR_HTTP_PORT: String(port),
        PROCESSOR_API_TOKEN: token,
        PROCESSOR_GROUP_ID: groupId,
        PROCESSOR_STATE_DIR: join(directory, name),
        PROCESSOR_CHECKPOINT_URL: pathToFileURL(join(directory, 'checkpoints')).href,
        PROCESSOR_CHECKPOINT_INTERVAL_MS: '1000',
        // Long, so that whatever happens sooner does not come of it.
        PROCESSOR_SESSION_TIMEOUT_MS: '60000',
        PROCESSOR_STANDBY_REPLICAS: '1',
        // Low, so that partitions move by copies and not by refolding the little that a test writes.
        PROCESSOR_WARM_RECORDS: '200',
        PROCESSOR_OFFLINE_AFTER_MS: String(offlineAfterMs),
        KAFKA_BROKERS: broker.address,
        LOG_LEVEL: 'info',
        ...more,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const processor = { url: `http://127.0.0.1:${port}`, child, name };
  child.stdout.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString('utf8').split('\n'))
      if (/"level":(50|60|"error")/.test(line)) console.log(name, line);
  });
  running.set(name, processor);
  return processor;
}

async function end({ child, name }: Processor, signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
  running.delete(name);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill(signal);
  return await ended;
}

async function until(what: string, check: () => Promise<boolean>): Promise<number> {
  const startMs = performance.now();
  while (!(await check().catch(() => false))) {
    if (performance.now() - startMs > 50_000) throw new Error(`${what}: not within 50 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return performance.now() - startMs;
}

const client = () => createKafkaClient({ brokers: [broker.address], clientId: 'ownership-test', log: silentLog });
const committed = () => fetchCommitted(client(), groupId, topics.events);

async function get(processor: Processor, path: string): Promise<unknown> {
  const response = await fetch(processor.url + path, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return await response.json();
}

async function metric(processor: Processor, name: string): Promise<number> {
  const text = await (await fetch(`${processor.url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`fleetstream_processor_${name}`));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** Every partition runs, each here has `shares` of them in any order, and each answers the same. */
async function isSharedOut(shares: readonly number[]): Promise<boolean> {
  for (const asked of running.values()) {
    const { partitions: views } = (await get(asked, '/v1/partitions')) as { partitions: View[] };
    if (views.length !== partitions || views.some(({ phase }) => phase !== 'running')) return false;
    const counts = [...running.values()].map(({ url }) => views.filter(({ owner }) => owner === url).length);
    if (counts.sort().join() !== [...shares].sort().join()) return false;
  }
  return true;
}

/** As many copies as there are partitions, all close to their owners, and the group has had time to learn of it. */
async function copiesAreWarm(): Promise<void> {
  const warmRecords = 200;
  await until('warm copies', async () => {
    const texts = await Promise.all(
      [...running.values()].map(async ({ url }) => await (await fetch(`${url}/metrics`)).text()),
    );
    const lags = [...texts.join('\n').matchAll(/^fleetstream_processor_standby_lag_records{.*} (\d+)$/gm)];
    return lags.length === partitions && lags.every(([, lag]) => Number(lag) < warmRecords);
  });
  await new Promise((resolve) => setTimeout(resolve, 1500));
}

let sent = 0;

function toRecord(): { topic: string; key: string; value: string } {
  const index = sent++;
  const key = `robot-${(index * 7) % 120}`;
  const data = { metrics: { speed: { value: index % 9 } } };
  const event = { specversion: '1.0', id: String(index), source: `/robots/${key}`, type: 'robot.telemetry.v1', data };
  return { topic: topics.events, key, value: index % 50 === 0 ? `poison ${index}` : JSON.stringify(event) };
}

/** Sends until told to stop. */
function startSending(): () => Promise<void> {
  const state = { sending: true };
  const work = (async () => {
    while (state.sending) {
      await producer.append(Array.from({ length: 30 }, toRecord));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  return async () => {
    state.sending = false;
    await work;
  };
}

/** The longest that a partition went without a commit while `work` ran. */
async function longestPause(work: () => Promise<unknown>): Promise<number> {
  const watching = { on: true };
  const lastMs = new Map<number, { offset: number; atMs: number }>();
  let longestMs = 0;
  const watch = (async () => {
    while (watching.on) {
      for (const [partition, offset] of await committed()) {
        const last = lastMs.get(partition);
        if (last !== undefined && last.offset !== offset)
          longestMs = Math.max(longestMs, performance.now() - last.atMs);
        if (last?.offset !== offset) lastMs.set(partition, { offset, atMs: performance.now() });
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  await work();
  watching.on = false;
  await watch;
  return Math.round(longestMs);
}

async function fetchStates(from: Processor): Promise<ServedStates> {
  const body = (await get(from, '/v1/robots')) as {
    robots: { robotId: string; partition: number; state: unknown }[];
    asOf: ServedStates['asOf'];
  };
  return { robots: body.robots.map((robot) => ({ ...robot, state: JSON.stringify(robot.state) })), asOf: body.asOf };
}

/** No robot was told anything here. */
const noJournal: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
};

/** Ends everybody first: idle robots go offline, and what follows from that would be written while it is compared. */
async function verify(from: Processor): Promise<void> {
  await until('the end of the log', async () => {
    const [ends, offsets] = [await fetchOffsets(client(), topics.events), await committed()];
    return [...ends].every(([partition, range]) => (offsets.get(partition) ?? 0) >= range.end);
  });
  const served = await fetchStates(from);
  for (const processor of [...running.values()]) expect(await end(processor, 'SIGTERM')).toBe(0);
  const figures = await verifyRun({
    brokers: [broker.address],
    groupId,
    fold: createRobotFold({ ...defaultRobotRules, offlineAfterMs }),
    countFolded: () => 0,
    served,
    journal: noJournal,
    log: silentLog,
  });
  expect(figures).toMatchObject({ stateMismatches: 0, outputMismatches: 0 });
  expect(figures.outputs).toBeGreaterThan(100);
}

// A broker for each: members that stopped to come back stay in their group, and their sessions are long.
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fleetstream-ownership-'));
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
  producer = createLogProducer({
    ...{ kafka: client(), log: silentLog, topics: [topics.events] },
    ...{ lingerMs: 2, timeoutMs: 10_000 },
  });
  stopProducer = await producer.start();
});

afterEach(async () => {
  for (const processor of [...running.values()]) await end(processor, 'SIGKILL');
  await stopProducer();
  await broker.kill();
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});

describe('processors that share the partitions', () => {
  it('take over from copies when one is killed, give restarted ones their own back, and rescale, all of it exact', async () => {
    const stopSending = startSending();
    const first = await start('first');
    await until('all at the first', () => isSharedOut([6]));
    await until('more to fold than is moved without a copy', async () =>
      [...(await committed()).values()].every((offset) => offset > 1000),
    );
    const figures: Record<string, number> = {};
    const second = await start('second');
    figures['1 to 2'] = await longestPause(() => until('two shares', () => isSharedOut([3, 3])));
    await copiesAreWarm();
    figures['kill with copies'] = await longestPause(async () => {
      const before = await committed();
      await end(second, 'SIGKILL');
      await until('everything goes on at the first', async () => {
        const now = await committed();
        return (await isSharedOut([6])) && [...before].every(([one, offset]) => (now.get(one) ?? 0) > offset);
      });
    });
    expect(await metric(first, 'partitions_opened_total{from="standby"}')).toBeGreaterThanOrEqual(3);
    const third = await start('second');
    await until('two shares again', () => isSharedOut([3, 3]));
    const fourth = await start('third');
    figures['2 to 3'] = await longestPause(() => until('three shares', () => isSharedOut([2, 2, 2])));
    await copiesAreWarm();
    figures['3 to 2'] = await longestPause(async () => {
      expect(await end(fourth, 'SIGTERM')).toBe(0);
      await until('two shares', () => isSharedOut([3, 3]));
    });
    await copiesAreWarm();
    figures['2 to 1'] = await longestPause(async () => {
      expect(await end(first, 'SIGTERM')).toBe(0);
      await until('one', () => isSharedOut([6]));
    });
    await stopSending();
    await verify(third);
    console.log({ longestPauseMs: figures });
  }, 240_000);

  it('without copies wait for a killed one that comes back, and nobody else has its partitions meanwhile', async () => {
    const settings = { PROCESSOR_STANDBY_REPLICAS: '0', PROCESSOR_RESTART_GRACE_MS: '60000' };
    const stopSending = startSending();
    const stays = await start('stays', settings);
    await until('all', () => isSharedOut([6]));
    const killed = await start('killed', settings);
    await until('two shares', () => isSharedOut([3, 3]));
    const assignments = await metric(stays, 'partitions_moved_total{direction="gained"}');
    const pauseMs = await longestPause(async () => {
      await end(killed, 'SIGKILL');
      await start('killed', settings);
      await until('two shares again', () => isSharedOut([3, 3]));
    });
    expect(await metric(stays, 'partitions_moved_total{direction="gained"}')).toBe(assignments);
    await stopSending();
    await verify(stays);
    console.log({ longestPauseMs: { 'kill and restart': pauseMs } });
  }, 180_000);

  it('may be several processes of one machine, each an owner, stopped together', async () => {
    const port = await findFreePort();
    const urls = [port, port + 1].map((one) => `http://127.0.0.1:${one}`);
    const parent = await start('workers', { PROCESSOR_HTTP_PORT: String(port), PROCESSOR_WORKERS: '2' });
    const owners = async (url: string) => {
      const { partitions: views } = (await get({ ...parent, url }, '/v1/partitions')) as { partitions: View[] };
      return views.length === partitions ? [...new Set(views.map(({ owner }) => owner))].sort() : [];
    };
    for (const url of urls) await until('two owners', async () => (await owners(url)).join() === urls.join());
    expect(await end(parent, 'SIGTERM')).toBe(0);
    for (const url of urls) await expect(fetch(url)).rejects.toThrow();
  }, 120_000);
});
