import {
  defaultRules,
  parseVerdict,
  replayVerdicts,
  type SaidVerdict,
  verifyVerdicts,
} from '@fleetstream/anomaly-model';
import { createRandom, gauss, telemetryEvent } from '@fleetstream/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@fleetstream/config';
import { topics, topicSpecs } from '@fleetstream/contracts';
import { createKafkaClient, createLogProducer, ensureTopics, type LogRecord, readLog } from '@fleetstream/kafka';
import { silentLog } from '@fleetstream/kernel';
import { findFreePort, type LocalProcess, startKafkaBroker } from '@fleetstream/local';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createComponents, type Insights } from './app.ts';
import { insightsConfig } from './config.ts';

// The topics' names are fixed, so a broker of its own.
const directory = mkdtempSync(join(tmpdir(), 'fleetstream-insights-'));
let broker: LocalProcess;
let kafka: ReturnType<typeof createKafkaClient>;

beforeAll(async () => {
  const [port, controllerPort] = [await findFreePort(), await findFreePort()];
  const logFile = join(directory, 'kafka.log');
  broker = await startKafkaBroker({
    dataDir: join(directory, 'kafka'),
    port,
    controllerPort,
    logFile,
    quickStart: true,
  });
  kafka = createKafkaClient({ brokers: [broker.address], clientId: 'insights-test', log: silentLog });
  const wanted = topicSpecs.filter(({ name }) =>
    [topics.events, topics.insights, topics.deadLetters].some((topic) => topic === name),
  );
  await ensureTopics(
    kafka,
    wanted.map(({ name, config }) => ({ name, config, partitions: 2 })),
  );
});

afterAll(async () => {
  await broker.kill();
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});

const random = createRandom(8);
let made = 0;

/** Rounds of all robots' events; in the last one of `spiking` robots their current is far off. */
async function appendRounds(rounds: number, spiking: readonly string[]): Promise<void> {
  const producer = createLogProducer({ kafka, log: silentLog, topics: [topics.events] });
  const stop = await producer.start();
  for (let round = 1; round <= rounds; round++) {
    await producer.append(
      ['arm-1', 'arm-2', 'arm-3', 'arm-4'].map((robotId) => {
        const current = round === rounds && spiking.includes(robotId) ? 50 : 4 + 0.2 * gauss(random);
        return { topic: topics.events, key: robotId, value: telemetryEvent(robotId, `e-${made++}`, { current }) };
      }),
    );
  }
  await stop();
}

async function readAll(topic: string): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const record of readLog({ kafka, topic })) records.push(record);
  return records;
}

async function startInsights(rewindRecords: number): Promise<{ insights: Insights; stop: () => Promise<void> }> {
  const environment = {
    INSIGHTS_HTTP_PORT: '0',
    INSIGHTS_REWIND_RECORDS: String(rewindRecords),
    KAFKA_BROKERS: broker.address,
    LOG_LEVEL: 'silent',
  };
  const config = loadConfig(insightsConfig, environment, { prefix: 'INSIGHTS_' });
  const insights = createComponents(config, silentLog);
  const stops: (() => Promise<void>)[] = [];
  for (const component of insights.components) stops.unshift(await component.start());
  return {
    insights,
    stop: async () => {
      for (const stop of stops) await stop();
    },
  };
}

async function readVerdicts(): Promise<SaidVerdict[]> {
  return (await readAll(topics.insights)).flatMap(({ value }) => parseVerdict(String(value)) ?? []);
}

async function* readEvents(partition: number, fromOffset: number, throughOffset: number): AsyncIterable<LogRecord> {
  const fromOffsets = new Map([[partition, fromOffset]]);
  const untilOffsets = new Map([[partition, throughOffset + 1]]);
  yield* readLog({ kafka, topic: topics.events, partitions: [partition], fromOffsets, untilOffsets });
}

const verdictKeys = async () => (await readAll(topics.insights)).map(({ key }) => String(key)).sort();
const waitFor = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 100 });

describe('insights on a real log', () => {
  it('says what is odd, once, across restarts, with verdicts that a replay gives byte for byte', async () => {
    await appendRounds(700, ['arm-1', 'arm-3']);
    const first = await startInsights(100_000);
    await waitFor(async () => {
      expect(await verdictKeys()).toEqual(['arm-1', 'arm-3']);
    });
    await first.stop();

    // While nobody listened: found all the same. The second life rebuilds its memory from the log.
    await appendRounds(20, ['arm-2']);
    const second = await startInsights(100_000);
    await waitFor(async () => {
      expect(await verdictKeys()).toEqual(['arm-1', 'arm-2', 'arm-3']);
    });
    await appendRounds(20, ['arm-4']);
    await waitFor(async () => {
      expect(await verdictKeys()).toEqual(['arm-1', 'arm-2', 'arm-3', 'arm-4']);
    });
    const port = second.insights.port();
    await waitFor(async () => {
      expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
    });
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(text).toContain('fleetstream_insights_verdicts_total{model="tail",severity="extreme"} 2');
    expect(text).toContain('fleetstream_insights_breaker_state{model="tail",state="closed"} 1');
    expect(text).toContain('fleetstream_insights_lag_records{partition="0"} 0');
    await second.stop();

    const said = await readVerdicts();
    expect(said).toHaveLength(4);
    const partitions = new Map<number, LogRecord[]>();
    for (const record of await readAll(topics.events)) {
      partitions.set(record.partition, [...(partitions.get(record.partition) ?? []), record]);
    }
    const replayed = await Promise.all(
      [...partitions.values()].map((records) => replayVerdicts(records, defaultRules, 0)),
    );
    expect(said.map(({ text }) => text).sort()).toEqual(
      replayed.flatMap((all) => all.map(({ value }) => value)).sort(),
    );
  });

  it('shares partitions with a second instance, and says nothing twice', async () => {
    const before = (await readAll(topics.insights)).length;
    // Rewound by less than the whole log, so that these verdicts name another beginning.
    const [one, other] = [await startInsights(1400), await startInsights(1400)];
    await waitFor(() => {
      expect([one.insights.readiness(), other.insights.readiness()]).toMatchObject([{ ready: true }, { ready: true }]);
      return Promise.resolve();
    });
    await appendRounds(20, ['arm-1', 'arm-2', 'arm-3', 'arm-4']);
    await waitFor(async () => {
      expect((await readAll(topics.insights)).length).toBeGreaterThanOrEqual(before + 2);
    });
    await one.stop();
    await appendRounds(20, ['arm-1', 'arm-2', 'arm-3', 'arm-4']);
    await waitFor(async () => {
      expect((await readAll(topics.insights)).length).toBeGreaterThanOrEqual(before + 5);
    });
    await other.stop();
    const said = await readVerdicts();
    expect(new Set(said.map(({ data }) => data.foldedFrom)).size).toBeGreaterThan(1);
    expect(await verifyVerdicts(said, readEvents)).toEqual({ confirmed: said.length, refuted: [], repeated: [] });
  });
});
