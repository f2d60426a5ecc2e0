import { topics } from '@fleetstream/contracts';
import { partitionForKey, readLog } from '@fleetstream/kafka';
import { type Log, silentLog } from '@fleetstream/kernel';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ProcessorHarness, type RunningProcessor, startHarness } from '../test/processor-harness.ts';
import { until } from '../test/until.ts';

const partitions = 3;
let harness: ProcessorHarness;

interface Running extends RunningProcessor {
  /** `partition opened` lines. */
  readonly opened: Record<string, unknown>[];
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
  const started = await harness.start(name, { PROCESSOR_OFFLINE_AFTER_MS: '1500' }, collectingLog(opened));
  const instance = { ...started, opened };
  running.push(instance);
  return instance;
}

async function append(robots: readonly string[]): Promise<void> {
  await harness.append(
    robots.map((robotId) => ({ robotId, event: { type: 'robot.state.v1', data: { mode: 'AUTOMATIC' } } })),
  );
}

async function countOfflineAlerts(robotId: string): Promise<number> {
  let count = 0;
  for await (const { key, value } of readLog({ kafka: harness.client(), topic: topics.alerts })) {
    const { data } = JSON.parse(String(value)) as { data: { alert?: string } };
    if (String(key) === robotId && data.alert === 'robot-offline') count += 1;
  }
  return count;
}

const robotIds = Array.from({ length: 20 }, (_, index) => `robot-${index}`);

beforeAll(async () => {
  harness = await startHarness(partitions);
});

afterEach(async () => {
  for (const instance of running.splice(0)) await instance.stop();
});

afterAll(() => harness.stop());

describe('a processor', () => {
  it('folds events into states that its API serves, and counts what it did', async () => {
    const one = await startProcessor('one');
    await append(robotIds);
    await harness.caughtUp();
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
    const { status, body } = await one.get(path, headers);
    expect(JSON.parse(body)).toMatchObject({ code, status });
  });

  it('tells that a robot went offline though nothing else comes, by ticks, and once', async () => {
    await startProcessor('one');
    await append(['quiet']);
    await until(async () => (await countOfflineAlerts('quiet')) > 0);
    await harness.caughtUp();
    expect(await countOfflineAlerts('quiet')).toBe(1);
  });

  it('goes on from its local state after a restart, and from a checkpoint when its disk is gone', async () => {
    const first = await startProcessor('two');
    await append(robotIds);
    await harness.caughtUp();
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
    await append(robotIds);
    await harness.caughtUp();
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
