import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@fleetstream/kernel';
import { kafkaApi, type KafkaVerdict, startKafkaProxy } from '@fleetstream/testing';
import { findFreePort, type LocalProcess, startKafkaBroker } from '@fleetstream/local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureTopics } from './ensure-topics.ts';
import { createKafkaClient } from './kafka-client.ts';
import { createLogProducer, type LogProducer } from './log-producer.ts';
import { readLog } from './read-log.ts';

const topic = 'log-producer-test';
let directory: string;
let broker: LocalProcess;
let start: () => Promise<LocalProcess>;
let producer: LogProducer;
let stop: () => Promise<void>;
let kafka: ReturnType<typeof createKafkaClient>;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fleetstream-producer-'));
  const [port, controllerPort] = [await findFreePort(), await findFreePort()];
  const logFile = join(directory, 'log');
  start = () =>
    startKafkaBroker({ dataDir: join(directory, 'kafka'), port, controllerPort, logFile, quickStart: true });
  broker = await start();
  kafka = createKafkaClient({ brokers: [broker.address], clientId: 'log-producer-test', log: silentLog });
  await ensureTopics(kafka, [{ name: topic, partitions: 6, config: {} }]);
  producer = createLogProducer({ kafka, log: silentLog, topics: [topic], timeoutMs: 2000 });
  stop = await producer.start();
});

afterAll(async () => {
  await stop();
  await broker.kill();
  rmSync(directory, { recursive: true, force: true });
});

async function readPlaces(): Promise<Map<string, { partition: number; offset: number }[]>> {
  const places = new Map<string, { partition: number; offset: number }[]>();
  for await (const { value, partition, offset } of readLog({ kafka, topic })) {
    const text = String(value);
    places.set(text, [...(places.get(text) ?? []), { partition, offset }]);
  }
  return places;
}

async function waitUntil(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('createLogProducer on a real broker', () => {
  it('says of every record where the broker put it', async () => {
    const values = Array.from({ length: 300 }, (_, index) => `place-${index}`);
    const positions = await Promise.all(
      values.map((value, index) => producer.append([{ topic, key: `robot-${index % 40}`, value }])),
    );
    const places = await readPlaces();
    for (const [index, value] of values.entries()) expect(places.get(value)).toEqual(positions[index]);
  });

  it('takes a partition that is named', async () => {
    const [position] = await producer.append([{ topic, key: 'any', value: 'named', partition: 5 }]);
    expect(position?.partition).toBe(5);
  });

  it.each<{ name: string; verdict: KafkaVerdict; appended: boolean }>([
    { name: 'a request was lost', verdict: 'drop', appended: true },
    { name: 'its answer was lost: the broker knows the repetition', verdict: 'drop-answer', appended: true },
    // No topics at all: a leader that moved between two tries once made kafkajs answer so.
    { name: 'an answer leaves out the partition', verdict: { answer: Buffer.alloc(8) }, appended: false },
  ])('appends once, or says that it does not know, when $name', async ({ verdict, appended }) => {
    const proxy = await startKafkaProxy({ broker: broker.address });
    const proxied = createKafkaClient({ brokers: [proxy.address], clientId: 'proxied', log: silentLog });
    const reconnect = { minMs: 10, maxMs: 20 };
    const mine = createLogProducer({ kafka: proxied, log: silentLog, topics: [topic], reconnect });
    const stopMine = await mine.start();
    const value = `faulty-${JSON.stringify(verdict)}`;
    const remove = proxy.addRule(({ apiKey }) => {
      if (apiKey !== kafkaApi.produce) return 'pass';
      remove();
      return verdict;
    });
    const outcome = await mine.append([{ topic, key: 'k', value }]).catch((thrown: unknown) => thrown);
    if (!appended) {
      expect(outcome).toMatchObject({ code: 'FS_BROKER_UNAVAILABLE' });
      await waitUntil(() => mine.healthy());
      await mine.append([{ topic, key: 'k', value }]);
    }
    const places = await readPlaces();
    expect(places.get(value)).toHaveLength(1);
    if (appended) expect(places.get(value)).toEqual(outcome);
    await stopMine();
    await proxy.stop();
  });

  it('loses nothing it acknowledged while the broker is stopped, killed and started under load', async () => {
    const acknowledged: string[] = [];
    let going = true;
    let tries = 0;
    const send = async (sender: number) => {
      for (let n = 0; going; n++) {
        tries += 1;
        const values = [`s${sender}-${n}-a`, `s${sender}-${n}-b`];
        try {
          await producer.append(values.map((value) => ({ topic, key: `robot-${sender}`, value })));
          acknowledged.push(...values);
        } catch {
          // Unknown outcome: not counted, as a robot wouldn't.
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      }
    };
    const senders = Array.from({ length: 24 }, (_, index) => send(index));
    for (const end of ['stop', 'kill', 'stop'] as const) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await broker[end]();
      await waitUntil(() => !producer.healthy());
      broker = await start();
      await waitUntil(() => producer.healthy());
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    going = false;
    await Promise.all(senders);
    const places = await readPlaces();
    expect(acknowledged.filter((value) => !places.has(value))).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(200);
    expect(tries * 2).toBeGreaterThan(acknowledged.length);
  }, 120_000);

  it('is not healthy without its topic, and becomes so when it is made', async () => {
    const options = { kafka, log: silentLog, topics: ['made-later'], reconnect: { minMs: 50, maxMs: 100 } };
    const waiting = createLogProducer(options);
    const stopWaiting = await waiting.start();
    expect(waiting.healthy()).toBe(false);
    await ensureTopics(kafka, [{ name: 'made-later', partitions: 1, config: {} }]);
    await waitUntil(() => waiting.healthy());
    await stopWaiting();
  });
});
