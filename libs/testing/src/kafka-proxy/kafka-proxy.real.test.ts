import { createKafkaClient, createPartitionAppender, ensureTopics, readLog } from '@fleetstream/kafka';
import { silentLog } from '@fleetstream/kernel';
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { type KafkaProxy, startKafkaProxy } from './kafka-proxy.ts';
import { kafkaApi } from './kafka-request.ts';

const running: (() => Promise<void>)[] = [];

async function setUp(): Promise<{
  proxy: KafkaProxy;
  append: (value: string) => Promise<void>;
  all: () => Promise<string[]>;
}> {
  const proxy = await startKafkaProxy({ broker: inject('kafkaBrokers') });
  const kafka = createKafkaClient({ brokers: [proxy.address], clientId: 'proxied', log: silentLog });
  const topic = `proxy-${randomUUID()}`;
  await ensureTopics(kafka, [{ name: topic, partitions: 1, config: {} }]);
  const appender = createPartitionAppender({ kafka, topic });
  await appender.start();
  running.push(
    () => appender.stop(),
    () => proxy.stop(),
  );
  const direct = createKafkaClient({ brokers: [inject('kafkaBrokers')], clientId: 'direct', log: silentLog });
  const all = async () => {
    const values: string[] = [];
    for await (const { value } of readLog({ kafka: direct, topic })) values.push(String(value));
    return values;
  };
  return { proxy, append: (value) => appender.append({ partition: 0, key: 'k', value }), all };
}

afterEach(async () => {
  for (const stop of running.splice(0)) await stop();
});

describe('a Kafka proxy', () => {
  it('keeps clients that started at it, and reads the header of what they send', async () => {
    const { proxy, append, all } = await setUp();
    const clients: string[] = [];
    proxy.addRule(({ apiKey, clientId }) => {
      if (apiKey === kafkaApi.produce) clients.push(clientId);
      return 'pass';
    });
    await append('a');
    expect(clients).toEqual(['proxied']);
    expect(proxy.requests(kafkaApi.produce)).toBe(1);
    expect(await all()).toEqual(['a']);
  });

  it('holds a request beyond the life of its connection, and hands it to the broker late', async () => {
    const { proxy, append, all } = await setUp();
    const holding = proxy.holdNext(({ apiKey }) => apiKey === kafkaApi.produce);
    // kafkajs sends again when its connection is lost, so the held one is a stray.
    const appended = append('twice');
    const held = await holding;
    held.cutClient();
    await appended;
    expect(await all()).toEqual(['twice']);
    expect(proxy.held()).toEqual([held]);
    await held.release();
    expect(await all()).toEqual(['twice', 'twice']);
    expect(proxy.held()).toEqual([]);
    await expect(held.release()).rejects.toThrow('not held');
  });

  it.each([
    { name: 'drops a request before the broker sees it', verdict: 'drop' as const, left: ['x'] },
    { name: 'drops the answer of what the broker did', verdict: 'drop-answer' as const, left: ['x', 'x'] },
    { name: 'delays a request', verdict: { delayMs: 50 }, left: ['x'] },
  ])('$name', async ({ verdict, left }) => {
    const { proxy, append, all } = await setUp();
    const remove = proxy.addRule(({ apiKey }) => {
      if (apiKey !== kafkaApi.produce) return 'pass';
      remove();
      return verdict;
    });
    await append('x');
    expect(await all()).toEqual(left);
  });
});
