import { silentLog } from '@fleetstream/kernel';
import { kafkaApi, type KafkaProxy, startKafkaProxy } from '@fleetstream/testing';
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { ensureTopics } from './ensure-topics.ts';
import { createKafkaClient } from './kafka-client.ts';
import { readLog } from './read-log.ts';
import { createTransactionalSink, type TransactionalSink } from './transactional-sink.ts';

const direct = createKafkaClient({ brokers: [inject('kafkaBrokers')], clientId: 'direct', log: silentLog });
const topic = `answers-${randomUUID()}`;
let proxy: KafkaProxy;
let mine: TransactionalSink;
let rules: (() => void)[] = [];

const zeros = (count: number): Buffer => Buffer.alloc(count);
const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
/** Of one partition 0 of the topic, in flexible versions. */
const onePartition = (rest: Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.from([2, topic.length + 1]),
    Buffer.from(topic),
    Buffer.from([2]),
    zeros(4),
    ...rest,
    zeros(2),
  ]);

/** A broker's answer with an error and nothing else, as transactions of version 2 get it; see the protocol guide. */
const answers: Readonly<Record<number, (code: number) => Buffer>> = {
  [kafkaApi.initProducerId]: (code) => Buffer.concat([zeros(5), int16(code), zeros(11)]),
  [kafkaApi.endTxn]: (code) => Buffer.concat([zeros(5), int16(code), zeros(11)]),
  [kafkaApi.txnOffsetCommit]: (code) => Buffer.concat([zeros(5), onePartition([int16(code)]), zeros(1)]),
  [kafkaApi.produce]: (code) =>
    Buffer.concat([zeros(1), onePartition([int16(code), zeros(24), Buffer.from([1, 0])]), zeros(5)]),
};

/** Answers `times` requests of one kind in the broker's place. */
function answerWith(apiKey: number, code: number, times: number): void {
  const answer = answers[apiKey]?.(code) ?? zeros(0);
  let left = times;
  rules.push(proxy.addRule((request) => (request.apiKey === apiKey && left-- > 0 ? { answer } : 'pass')));
}

const commit = async (value: string, nextOffset = 1): Promise<void> => {
  await mine.commit({ outputs: [{ topic, key: 'k', value }], nextOffset });
};

async function written(): Promise<string[]> {
  const values: string[] = [];
  for await (const { value } of readLog({ kafka: direct, topic })) values.push(String(value));
  return values;
}

function createSink(): TransactionalSink {
  const kafka = createKafkaClient({ brokers: [proxy.address], clientId: 'answers', log: silentLog });
  const name = `answers-${randomUUID()}`;
  const place = { transactionalId: name, groupId: name, inputTopic: topic, partition: 0, outputTopics: [topic] };
  return createTransactionalSink({ kafka, ...place, stepWithinMs: 300, log: silentLog });
}

beforeAll(async () => {
  proxy = await startKafkaProxy({ broker: inject('kafkaBrokers') });
  await ensureTopics(direct, [{ name: topic, partitions: 1, config: {} }]);
});

afterEach(async () => {
  for (const remove of rules) remove();
  rules = [];
  // Aborts what the test left open, which readers would wait for.
  await mine.open();
  await mine.close();
});

afterAll(async () => {
  await proxy.stop();
});

const { endTxn, initProducerId, produce, txnOffsetCommit } = kafkaApi;
const steps = [
  { step: 'Produce', apiKey: produce },
  { step: 'TxnOffsetCommit', apiKey: txnOffsetCommit },
  { step: 'EndTxn', apiKey: endTxn },
];

describe('what the broker answers', () => {
  it.each(
    [
      { code: 14, name: 'COORDINATOR_LOAD_IN_PROGRESS', apiKeys: [initProducerId, txnOffsetCommit, endTxn] },
      { code: 15, name: 'COORDINATOR_NOT_AVAILABLE', apiKeys: [initProducerId, txnOffsetCommit, endTxn] },
      { code: 16, name: 'NOT_COORDINATOR', apiKeys: [initProducerId, txnOffsetCommit, endTxn] },
      { code: 51, name: 'CONCURRENT_TRANSACTIONS', apiKeys: [initProducerId, txnOffsetCommit, endTxn, produce] },
      { code: 6, name: 'NOT_LEADER_OR_FOLLOWER', apiKeys: [produce] },
      { code: 19, name: 'NOT_ENOUGH_REPLICAS', apiKeys: [produce] },
    ].flatMap(({ apiKeys, ...given }) => apiKeys.map((apiKey) => ({ ...given, apiKey }))),
  )('$name to API $apiKey is asked again', async ({ code, apiKey }) => {
    mine = createSink();
    answerWith(apiKey, code, 2);
    await mine.open();
    const value = `${code}-${apiKey}`;
    await commit(value);
    expect((await written()).filter((one) => one === value)).toHaveLength(1);
  });

  it('a transaction is three requests once it is known who coordinates', async () => {
    mine = createSink();
    await mine.open();
    await commit('first', 1);
    const asked: number[] = [];
    rules.push(
      proxy.addRule(({ apiKey }) => {
        asked.push(apiKey);
        return 'pass';
      }),
    );
    await commit('second', 2);
    expect(asked.sort((a, b) => a - b)).toEqual([produce, endTxn, txnOffsetCommit]);
  });

  it('a coordinator that moved is looked for, and otherwise not', async () => {
    mine = createSink();
    await mine.open();
    const before = proxy.requests(kafkaApi.findCoordinator);
    await commit('first', 1);
    await commit('second', 2);
    // Both are known from the opening.
    expect(proxy.requests(kafkaApi.findCoordinator)).toBe(before);
    answerWith(endTxn, 16, 1);
    await commit('third', 3);
    expect(proxy.requests(kafkaApi.findCoordinator)).toBe(before + 1);
  });

  it.each(steps.flatMap((step) => [47, 90].map((code) => ({ ...step, code }))))(
    '$code to $step is a fencing',
    async ({ apiKey, code }) => {
      mine = createSink();
      await mine.open();
      answerWith(apiKey, code, 1);
      await expect(commit('fenced')).rejects.toMatchObject({ code: 'FS_TASK_FENCED' });
      await expect(commit('fenced')).rejects.toMatchObject({ code: 'FS_COMMIT_OUTCOME_UNKNOWN' });
    },
  );

  it.each([22, 25, 82])('%d to TxnOffsetCommit is a fencing by the group', async (code) => {
    mine = createSink();
    await mine.open();
    answerWith(txnOffsetCommit, code, 1);
    await expect(commit('fenced')).rejects.toMatchObject({ code: 'FS_TASK_FENCED' });
  });

  it.each(steps.flatMap((step) => [48, 49, 120].map((code) => ({ ...step, code }))))(
    '$code to $step is unknown',
    async ({ apiKey, code }) => {
      mine = createSink();
      await mine.open();
      answerWith(apiKey, code, 1);
      await expect(commit('unknown')).rejects.toMatchObject({ code: 'FS_COMMIT_OUTCOME_UNKNOWN' });
    },
  );

  it.each(steps)('a $step that never gets through is given up within its bound', async ({ apiKey }) => {
    mine = createSink();
    await mine.open();
    answerWith(apiKey, 51, 1000);
    await expect(commit('never')).rejects.toMatchObject({ code: 'FS_COMMIT_OUTCOME_UNKNOWN' });
  });

  it('leaves nothing of what was not committed', async () => {
    mine = createSink();
    await mine.open();
    await commit('last');
    const values = await written();
    for (const value of ['fenced', 'unknown', 'never']) expect(values).not.toContain(value);
  });
});
