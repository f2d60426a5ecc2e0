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
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const partitions = 2;
const groupId = 'kill-test';
const token = 'a-token-for-tests-only';
const offlineAfterMs = 700;
const directory = mkdtempSync(join(tmpdir(), 'fleetstream-kill-'));
let broker: LocalProcess;
let port: number;
let processor: ChildProcess | undefined;
let lines = '';

function start(): void {
  processor = spawn(
    execPath,
    ['--disable-warning=TimeoutNegativeWarning', fileURLToPath(new URL('main.ts', import.meta.url))],
    {
      env: {
        PROCESSOR_HTTP_PORT: String(port),
        PROCESSOR_API_TOKEN: token,
        PROCESSOR_GROUP_ID: groupId,
        PROCESSOR_STATE_DIR: join(directory, 'state'),
        PROCESSOR_CHECKPOINT_URL: pathToFileURL(join(directory, 'checkpoints')).href,
        PROCESSOR_STATE_INTERVAL_MS: '700',
        PROCESSOR_CHECKPOINT_INTERVAL_MS: '500',
        PROCESSOR_TICK_INTERVAL_MS: '200',
        PROCESSOR_CACHE_ENTRIES: '40',
        PROCESSOR_OFFLINE_AFTER_MS: String(offlineAfterMs),
        KAFKA_BROKERS: broker.address,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  processor.stdout?.on('data', (chunk: Buffer) => {
    lines += chunk.toString('utf8');
  });
}

async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
  const ended = new Promise<number | null>((resolve) => processor?.once('exit', resolve));
  processor?.kill(signal);
  return await ended;
}

async function until(what: string, check: () => Promise<boolean>): Promise<number> {
  const startMs = performance.now();
  while (!(await check())) {
    if (performance.now() - startMs > 30_000) throw new Error(`${what}: not within 30 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return performance.now() - startMs;
}

const client = () => createKafkaClient({ brokers: [broker.address], clientId: 'kill-test', log: silentLog });
const committedSum = async () =>
  [...(await fetchCommitted(client(), groupId, topics.events)).values()].reduce((sum, offset) => sum + offset, 0);

/** Of 60 robots; every 50th record is poison. */
function toRecord(index: number): { topic: string; key: string; value: string } {
  const key = `robot-${(index * 7) % 60}`;
  const data = { metrics: { speed: { value: index % 9 } } };
  const event = { specversion: '1.0', id: String(index), source: `/robots/${key}`, type: 'robot.telemetry.v1', data };
  return { topic: topics.events, key, value: index % 50 === 0 ? `poison ${index}` : JSON.stringify(event) };
}

/** Sends until told to stop. */
function startSending(producer: LogProducer): () => Promise<void> {
  const state = { sending: true };
  let count = 0;
  const work = (async () => {
    while (state.sending) {
      await producer.append(Array.from({ length: 40 }, () => toRecord(count++)));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  return async () => {
    state.sending = false;
    await work;
  };
}

async function fetchStates(): Promise<ServedStates> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/robots`, { headers: { authorization: `Bearer ${token}` } });
  const body = (await response.json()) as {
    robots: { robotId: string; partition: number; state: unknown }[];
    asOf: ServedStates['asOf'];
  };
  return { robots: body.robots.map((robot) => ({ ...robot, state: JSON.stringify(robot.state) })), asOf: body.asOf };
}

/** No robot was told anything here. */
const noJournal: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
};

beforeAll(async () => {
  port = await findFreePort();
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

afterAll(async () => {
  if (processor?.exitCode === null) processor.kill('SIGKILL');
  await broker.kill();
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});

describe('a processor that is killed', () => {
  it('comes to the states and outputs of a plain fold, with nothing lost and nothing twice', async () => {
    const producer = createLogProducer({
      kafka: client(),
      log: silentLog,
      topics: [topics.events],
      lingerMs: 2,
      timeoutMs: 5000,
    });
    const stopProducer = await producer.start();
    start();
    await until('first commit', async () => (await committedSum()) >= 0);
    const stopSending = startSending(producer);
    const recoveriesMs: number[] = [];
    for (let kill = 0; kill < 6; kill += 1) {
      const before = await committedSum();
      await until('progress', async () => (await committedSum()) > before);
      await new Promise((resolve) => setTimeout(resolve, 300 + kill * 170));
      await end('SIGKILL');
      if (kill === 3) rmSync(join(directory, 'state'), { recursive: true, force: true });
      const atKill = await committedSum();
      start();
      recoveriesMs.push(await until('a commit after the kill', async () => (await committedSum()) > atKill));
    }
    await stopSending();
    await until('the end of the log', async () => {
      const ends = await fetchOffsets(client(), topics.events);
      return (await committedSum()) >= [...ends.values()].reduce((sum, range) => sum + range.end, 0);
    });
    const served = await fetchStates();
    expect(await end('SIGTERM')).toBe(0);
    await stopProducer();
    const opened = [...lines.matchAll(/"openedFrom":"(\w+)"/g)].map(([, rung]) => rung);
    console.log({ recoveriesMs: recoveriesMs.map(Math.round), opened: opened.join(' ') });
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
    expect(figures.deadLetters).toBeGreaterThan(10);
    expect(opened).toContain('checkpoint');
    expect(opened).toContain('local');
  }, 120_000);
});
