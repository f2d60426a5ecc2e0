import { silentLog } from '@fleetstream/kernel';
import { type HeldRequest, kafkaApi, type KafkaProxy, type KafkaRequest, startKafkaProxy } from '@fleetstream/testing';
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { ensureTopics } from './ensure-topics.ts';
import { createKafkaClient } from './kafka-client.ts';
import { fetchCommitted, fetchOffsets } from './log-offsets.ts';
import { readLog } from './read-log.ts';
import { createTransactionalSink, type SinkRecord, type TransactionalSink } from './transactional-sink.ts';

const broker = inject('kafkaBrokers');
const direct = createKafkaClient({ brokers: [broker], clientId: 'direct', log: silentLog });
const running: (() => Promise<void>)[] = [];

interface World {
  readonly proxy: KafkaProxy;
  readonly input: string;
  readonly output: string;
  /** Through the proxy unless `direct`. */
  readonly sink: (given?: { direct?: boolean; transactionVersion?: 1 | 2; stepWithinMs?: number }) => TransactionalSink;
  readonly record: (value: string) => SinkRecord;
  readonly written: () => Promise<string[]>;
  readonly committed: () => Promise<number | undefined>;
}

async function setUp(): Promise<World> {
  const name = `faults-${randomUUID()}`;
  const [input, output] = [`${name}-in`, `${name}-out`];
  await ensureTopics(
    direct,
    [input, output].map((topic) => ({ name: topic, partitions: 1, config: {} })),
  );
  const proxy = await startKafkaProxy({ broker });
  const proxied = createKafkaClient({ brokers: [proxy.address], clientId: 'proxied', log: silentLog });
  running.push(() => proxy.stop());
  const place = { transactionalId: name, groupId: name, inputTopic: input, partition: 0, outputTopics: [output] };
  return {
    ...{ proxy, input, output },
    sink: ({ direct: isDirect = false, ...given } = {}) => {
      const kafka = isDirect ? direct : proxied;
      const made = createTransactionalSink({ kafka, ...place, ...given, log: silentLog });
      running.unshift(() => made.close());
      return made;
    },
    record: (value) => ({ topic: output, key: 'k', value }),
    written: async () => {
      const values: string[] = [];
      for await (const { value } of readLog({ kafka: direct, topic: output })) values.push(String(value));
      return values;
    },
    committed: async () => (await fetchCommitted(direct, name, input)).get(0),
  };
}

const isApi =
  (apiKey: number) =>
  (request: KafkaRequest): boolean =>
    request.apiKey === apiKey;

/** Sends a request as it was, on a connection of its own, as a network that kept a copy would. */
async function sendAgain(frame: Buffer): Promise<Buffer> {
  const [host = '', port] = broker.split(':');
  const socket = connect({ host, port: Number(port) });
  socket.write(frame);
  const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
  socket.destroy();
  return answer.subarray(8);
}

/** EndTxn 5 has a flexible header, 1 has none; then come the throttle time and the code. */
const endTxnCode = (answer: Buffer, version: 1 | 2): number => answer.readInt16BE(version === 2 ? 5 : 4);
const fencedCodes = [47, 90];

async function endOfLog({ output }: World): Promise<number> {
  return (await fetchOffsets(direct, output)).get(0)?.end ?? -1;
}

afterEach(async () => {
  for (const stop of running.splice(0)) await stop();
});

describe.each([{ version: 2 as const }, { version: 1 as const }])(
  'with transaction version $version',
  ({ version }) => {
    it('a late EndTxn cannot end the next transaction, its producer having been made anew', async () => {
      const world = await setUp();
      const { proxy, record } = world;
      const mine = world.sink({ transactionVersion: version });
      await mine.open();
      await mine.commit({ outputs: [record('one')], nextOffset: 1 });
      const holdingSecond = proxy.holdNext(isApi(kafkaApi.endTxn));
      const second = mine.commit({ outputs: [record('two')], nextOffset: 2 });
      const late = await holdingSecond;
      late.cutClient();
      await expect(second).rejects.toMatchObject({ code: 'FS_COMMIT_OUTCOME_UNKNOWN' });

      expect(await mine.open()).toBe(1);
      const holdingThird = proxy.holdNext(isApi(kafkaApi.endTxn));
      const third = mine.commit({ outputs: [record('three')], nextOffset: 3 });
      const current = await holdingThird;
      const stableBefore = await endOfLog(world);
      expect(fencedCodes).toContain(endTxnCode(await late.release(), version));
      // The third is still open: had the late one ended it, the stable end would have moved past it.
      expect(await endOfLog(world)).toBe(stableBefore);
      await current.release();
      await third;
      expect(await world.written()).toEqual(['one', 'three']);
      expect(await world.committed()).toBe(3);
    });

    it.each([
      { name: 'the outputs', apiKey: kafkaApi.produce },
      { name: 'the offset', apiKey: kafkaApi.txnOffsetCommit },
      { name: 'the end', apiKey: kafkaApi.endTxn },
    ])('a zombie that wakes before $name is fenced and leaves nothing', async ({ apiKey }) => {
      const world = await setUp();
      const [zombie, owner] = [
        world.sink({ transactionVersion: version }),
        world.sink({ direct: true, transactionVersion: version }),
      ];
      await zombie.open();
      await zombie.commit({ outputs: [world.record('one')], nextOffset: 1 });
      const holding = world.proxy.holdNext(isApi(apiKey));
      const late = zombie.commit({ outputs: [world.record('of the zombie')], nextOffset: 2 });
      const outcome = expect(late).rejects.toMatchObject({ code: 'FS_TASK_FENCED' });
      const held: HeldRequest = await holding;
      expect(await owner.open()).toBe(1);
      await held.release();
      await outcome;
      await owner.commit({ outputs: [world.record('of the owner')], nextOffset: 2 });
      expect(await world.written()).toEqual(['one', 'of the owner']);
      expect(await world.committed()).toBe(2);
    });

    it('asks what became of a commit whose answer was lost', async () => {
      const world = await setUp();
      const mine = world.sink({ transactionVersion: version });
      await mine.open();
      const remove = world.proxy.addRule(({ apiKey }) => (apiKey === kafkaApi.endTxn ? 'drop-answer' : 'pass'));
      const commit = mine.commit({ outputs: [world.record('one')], nextOffset: 1 });
      await expect(commit).rejects.toMatchObject({ code: 'FS_COMMIT_OUTCOME_UNKNOWN' });
      remove();
      expect(await mine.open()).toBe(1);
      expect(await world.written()).toEqual(['one']);
    });

    it('refuses the offset of a member that the group does not know', async () => {
      const world = await setUp();
      const mine = world.sink({ transactionVersion: version });
      await mine.open();
      const member = { memberId: 'gone', generationId: 3 };
      const commit = mine.commit({ outputs: [world.record('one')], nextOffset: 1, member });
      await expect(commit).rejects.toMatchObject({ code: 'FS_TASK_FENCED' });
      expect(await mine.open()).toBeUndefined();
      expect(await world.written()).toEqual([]);
    });
  },
);

describe('a copy of an EndTxn that comes during the next transaction of the same producer', () => {
  async function play(
    version: 1 | 2,
  ): Promise<{ code: number; world: World; third: Promise<void>; current: HeldRequest }> {
    const world = await setUp();
    const mine = world.sink({ transactionVersion: version });
    await mine.open();
    let copy = Buffer.alloc(0);
    const remove = world.proxy.addRule(({ apiKey, frame }) => {
      if (apiKey === kafkaApi.endTxn) copy = Buffer.from(frame);
      return 'pass';
    });
    await mine.commit({ outputs: [world.record('one')], nextOffset: 1 });
    remove();
    const holding = world.proxy.holdNext(isApi(kafkaApi.endTxn));
    const third = mine.commit({ outputs: [world.record('two')], nextOffset: 2 });
    const current = await holding;
    return { code: endTxnCode(await sendAgain(copy), version), world, third, current };
  }

  it('is refused in version 2: the epoch has moved on', async () => {
    const { code, world, third, current } = await play(2);
    expect(fencedCodes).toContain(code);
    await current.release();
    await third;
    expect(await world.written()).toEqual(['one', 'two']);
  });

  it('ends it in version 1, the hole that KIP-890 closes: hence EndTxn is never repeated blindly', async () => {
    const { code, third, current } = await play(1);
    expect(code).toBe(0);
    await current.release();
    await third;
  });
});
