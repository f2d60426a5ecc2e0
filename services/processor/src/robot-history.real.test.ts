import { capsuleSchema, decodeFleetRecord, topics } from '@fleetstream/contracts';
import { fetchOffsets, partitionForKey, readLog } from '@fleetstream/kafka';
import { createRobotFold, defaultRobotRules, replayCapsule } from '@fleetstream/robot-model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foldPartition } from '@fleetstream/testing';
import { type ProcessorHarness, type RunningProcessor, startHarness } from '../test/processor-harness.ts';
import { until } from '../test/until.ts';

const offlineAfterMs = 400;
const retiredKeptMs = 1500;
const robotIds = ['agv-1', 'agv-2', 'agv-3', 'agv-4', 'agv-5'];
const fold = createRobotFold({ ...defaultRobotRules, offlineAfterMs, retiredKeptMs });
let harness: ProcessorHarness;
let one: RunningProcessor;

const codeOf = (body: string) => (JSON.parse(body) as { code: string }).code;
const stateOf = (body: string) => JSON.stringify((JSON.parse(body) as { state: unknown }).state);

async function appendSome(count: number, from: number): Promise<void> {
  await harness.append(
    Array.from({ length: count }, (_, at) => ({
      robotId: robotIds[(from + at) % robotIds.length] ?? '',
      event: {
        type: 'robot.state.v1',
        data: { mode: at % 3 === 0 ? 'MANUAL' : 'AUTOMATIC', battery: { percent: (from + at) % 100 } },
      },
    })),
  );
}

/** What a plain fold says of a robot as of an offset. */
async function foldedAt(robotId: string, statesAt: number): Promise<string | undefined> {
  const records = readLog({ kafka: harness.client(), topic: topics.events });
  const plain = async function* () {
    for await (const record of records) {
      yield { ...record, key: String(record.key), value: record.value ?? Buffer.alloc(0) };
    }
  };
  const { states } = await foldPartition(plain(), {
    fold,
    decode: (record) => decodeFleetRecord(record),
    statesAt,
    outputsUntil: 0,
  });
  return states.get(robotId);
}

beforeAll(async () => {
  harness = await startHarness(1);
  one = await harness.start('one', {
    PROCESSOR_OFFLINE_AFTER_MS: String(offlineAfterMs),
    PROCESSOR_RETIRED_KEPT_MS: String(retiredKeptMs),
    PROCESSOR_HISTORY_RECORDS: '1000',
    PROCESSOR_CHECKPOINT_RETAIN: '100',
  });
  for (let round = 0; round < 4; round += 1) {
    await appendSome(60, round * 60);
    // Longer than a robot may be silent: timers fire between the records, by ticks.
    await new Promise((resolve) => setTimeout(resolve, 700));
  }
  await harness.write([{ key: 'agv-2', value: 'poison' }]);
  await appendSome(20, 240);
  await harness.caughtUp();
});

afterAll(async () => {
  await harness.stop();
});

describe('?at=', () => {
  it.each([0, 1, 7, 61, 122, 200, 243])('gives the state that a plain fold gives at offset %i', async (offset) => {
    for (const robotId of robotIds.slice(0, 3)) {
      const expected = await foldedAt(robotId, offset);
      const { status, body } = await one.get(`/v1/robots/${robotId}?at=${offset}`);
      if (expected === undefined) expect([status, codeOf(body)]).toEqual([404, 'FS_ROBOT_UNKNOWN']);
      else expect(stateOf(body)).toBe(expected);
    }
  });

  it('gives the state as of a time, with the timers that were due by then', async () => {
    const stamped: number[] = [];
    for await (const { key, timestampMs } of readLog({ kafka: harness.client(), topic: topics.events })) {
      if (String(key) === 'agv-1') stamped.push(timestampMs);
    }
    const lastOfFirstRound = Math.max(...stamped.filter((ms) => ms < (stamped[0] ?? 0) + 300));
    const at = async (ms: number) => {
      const path = `/v1/robots/agv-1?at=${encodeURIComponent(new Date(ms).toISOString())}`;
      const answer = await one.getJson<{ state: { presence: object }; asOf: { logTimeMs: number } }>(path);
      expect(answer.asOf.logTimeMs).toBe(ms);
      return answer.state.presence;
    };
    expect(await at(lastOfFirstRound + offlineAfterMs - 1)).toMatchObject({ status: 'online' });
    expect(await at(lastOfFirstRound + offlineAfterMs)).toEqual({
      status: 'offline',
      sinceMs: lastOfFirstRound + offlineAfterMs,
      lastSeenMs: lastOfFirstRound,
    });
  });

  it('refuses what is to come, and what the log does not have', async () => {
    const future = await one.get(
      `/v1/robots/agv-1?at=${encodeURIComponent(new Date(Date.now() + 60_000).toISOString())}`,
    );
    expect([future.status, codeOf(future.body)]).toEqual([400, 'FS_QUERY_INVALID']);
    const beyond = await one.get('/v1/robots/agv-1?at=999999');
    expect([beyond.status, codeOf(beyond.body)]).toEqual([504, 'FS_OFFSET_NOT_REACHED']);
  });
});

describe('a capsule', () => {
  it('holds a stretch whole, which folds again byte for byte, and shows another model by its differences', async () => {
    const capsule = capsuleSchema.parse(await one.getJson('/v1/robots/agv-2/capsule?from=50&to=250'));
    const { content } = capsule;
    expect(content.events.length).toBeGreaterThan(30);
    expect(content.events.map(({ value }) => value)).toContain('poison');
    expect(content.before.state).toBe(await foldedAt('agv-2', 50));
    expect(content.after.state).toBe(await foldedAt('agv-2', 250));
    const topicsOf = new Set(content.outputs.map(({ topic }) => topic));
    expect(topicsOf).toEqual(new Set([topics.states, topics.alerts, topics.deadLetters]));
    expect(content.outputs.every(({ isCommitted }) => isCommitted)).toBe(true);
    expect(replayCapsule(content)).toEqual({ outputs: content.outputs.length, differences: [] });
    const other = {
      ...content,
      model: { ...content.model, rules: { ...content.model.rules, offlineAfterMs: 100_000 } },
    };
    expect(replayCapsule(other).differences.length).toBeGreaterThan(0);
  });

  it('takes times as well', async () => {
    const from = new Date(Date.now() - 3600_000).toISOString();
    const { content } = capsuleSchema.parse(
      await one.getJson(
        `/v1/robots/agv-3/capsule?from=${encodeURIComponent(from)}&to=${encodeURIComponent(new Date().toISOString())}`,
      ),
    );
    expect(content.before).toMatchObject({ offset: 0, state: null });
    expect(replayCapsule(content).differences).toEqual([]);
  });
});

it('goes back to a checkpoint when the log is long, and says when neither reaches back', async () => {
  const end = async () => (await fetchOffsets(harness.client(), topics.events)).get(0)?.end ?? 0;
  while ((await end()) < 1500) await appendSome(400, 0);
  await harness.caughtUp();
  const lastCheckpoint = async () => {
    const { partitions } = await one.getJson<{ partitions: { lastCheckpoint: { appliedOffset: number } | null }[] }>(
      '/v1/partitions',
    );
    return partitions[0]?.lastCheckpoint?.appliedOffset ?? 0;
  };
  await until(async () => (await lastCheckpoint()) > 1200);
  const offset = await lastCheckpoint();
  // From the log's start that would be more records than are allowed.
  expect(stateOf((await one.get(`/v1/robots/agv-1?at=${offset}`)).body)).toBe(await foldedAt('agv-1', offset));
  const later = offset + 3;
  await appendSome(10, 0);
  await harness.caughtUp();
  const expected = await foldedAt('agv-1', later);
  expect(stateOf((await one.get(`/v1/robots/agv-1?at=${later}`)).body)).toBe(expected);

  const admin = harness.client().admin();
  await admin.connect();
  await admin.fetchTopicMetadata({ topics: [topics.events] });
  await admin.deleteTopicRecords({ topic: topics.events, partitions: [{ partition: 0, offset: String(offset) }] });
  await admin.disconnect();
  const gone = await one.get('/v1/robots/agv-1?at=3');
  expect([gone.status, codeOf(gone.body)]).toEqual([410, 'FS_HISTORY_GONE']);
  expect(stateOf((await one.get(`/v1/robots/agv-1?at=${later}`)).body)).toBe(expected);
});

describe('a retired robot', () => {
  it('is forgotten after its time, with a tombstone, and begins clean', async () => {
    const said = (type: string, data: object) => ({ robotId: 'agv-9', event: { type, source: '/fleet/test', data } });
    const positions = await harness.append([
      said('fleet.robot-enrolled.v1', { name: 'Old' }),
      { robotId: 'agv-9', event: { type: 'robot.telemetry.v1', data: { metrics: { v: { value: 1 } } } } },
      said('fleet.robot-retired.v1', { reason: 'worn out' }),
    ]);
    const retired = await one.getJson<{ robots: object[] }>(
      `/v1/robots?retired=true&partition=0&minOffset=${(positions.at(-1)?.offset ?? 0) + 1}`,
    );
    expect(retired.robots).toMatchObject([{ robotId: 'agv-9' }]);
    await until(async () => (await one.get('/v1/robots/agv-9')).status === 404);
    expect((await one.getJson<{ robots: object[] }>('/v1/robots?text=agv-9')).robots).toEqual([]);
    const values: (Buffer | null)[] = [];
    await until(async () => {
      values.length = 0;
      for await (const { key, value } of readLog({ kafka: harness.client(), topic: topics.states })) {
        if (String(key) === 'agv-9') values.push(value);
      }
      return values.at(-1) === null;
    });
    expect(partitionForKey('agv-9', 1)).toBe(0);
    await harness.append([said('fleet.robot-enrolled.v1', { site: 'new' })]);
    await harness.caughtUp();
    const { state } = await one.getJson<{ state: object }>('/v1/robots/agv-9');
    expect(state).toMatchObject({
      identity: { site: 'new', retired: false },
      counters: { events: 1 },
      metrics: { byName: {} },
    });
    await one.stop();
    one = await harness.start('one', {
      PROCESSOR_OFFLINE_AFTER_MS: String(offlineAfterMs),
      PROCESSOR_RETIRED_KEPT_MS: String(retiredKeptMs),
    });
    const listed = await one.getJson<{ robots: { robotId: string }[] }>('/v1/robots?limit=10');
    expect(listed.robots.map(({ robotId }) => robotId)).toEqual([...robotIds, 'agv-9']);
  });
});
