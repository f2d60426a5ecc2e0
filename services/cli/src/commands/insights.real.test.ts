import { defaultRules, replayVerdicts } from '@fleetstream/anomaly-model';
import { topics, topicSpecs } from '@fleetstream/contracts';
import { createKafkaClient, createLogProducer, ensureTopics } from '@fleetstream/kafka';
import { silentLog } from '@fleetstream/kernel';
import { createRandom, gauss, telemetryRecord } from '@fleetstream/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createTestingWorld } from '../testing-world.ts';

const brokers = inject('kafkaBrokers');
const world = createTestingWorld({ kafkaBrokers: brokers });
const robotId = 'cli-insights-arm';
const random = createRandom(6);
const records = Array.from({ length: 600 }, (_, offset) =>
  telemetryRecord(robotId, offset, { current: offset === 550 ? 40 : 4 + 0.2 * gauss(random) }),
);

beforeAll(async () => {
  const kafka = createKafkaClient({ brokers: [brokers], clientId: 'cli-test', log: silentLog });
  const wanted = topicSpecs.filter(({ name }) => name === topics.events || name === topics.insights);
  await ensureTopics(
    kafka,
    wanted.map((spec) => ({ ...spec, partitions: 6 })),
  );
  // Verdicts on records that this log does not have: there is something to list, and something to refute.
  const verdicts = await replayVerdicts(records, defaultRules, 0);
  expect(verdicts).toHaveLength(1);
  const producer = createLogProducer({ kafka, log: silentLog, topics: [topics.insights] });
  const stop = await producer.start();
  await producer.append(verdicts.map(({ topic, key, value }) => ({ topic, key, value })));
  await stop();
});

afterAll(() => {
  world.remove();
});

describe('fleetstream insights', () => {
  it('lists verdicts as a table', async () => {
    const { code, out } = await world.run(['insights', 'list', '--robot', robotId]);
    expect(code).toBe(0);
    expect(out).toMatch(/cli-insights-arm +current +outlier +40 A +[34]\.\d+ +(?:major|extreme) +0\/550$/);
  });

  it('lists verdicts as they lie in the topic', async () => {
    const { out } = await world.run(['insights', 'list', '--robot', robotId, '--json']);
    expect(JSON.parse(out)).toMatchObject({
      type: 'fleet.insight.v1',
      data: { robotId, metric: 'current', value: 40 },
    });
  });

  it('refutes a verdict that does not follow from the log', async () => {
    const { code, out, notes } = await world.run(['insights', 'replay', '--robot', robotId]);
    expect(code).toBe(1);
    expect(out).toBe('0 verdicts follow from the log, 1 do not, 0 are repeated');
    expect(notes).toContain('insights-tail-1-0-550-current');
  });

  it('says so when there are none', async () => {
    const { code, notes } = await world.run(['insights', 'list', '--robot', 'cli-insights-nobody']);
    expect({ code, notes }).toEqual({ code: 0, notes: 'Nothing was found odd so far.' });
  });
});
