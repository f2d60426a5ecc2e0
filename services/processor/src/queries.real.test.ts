import { partitionForKey } from '@fleetstream/kafka';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProcessorHarness, type RunningProcessor, startHarness } from '../test/processor-harness.ts';
import { until } from '../test/until.ts';

const partitions = 3;
let harness: ProcessorHarness;
let one: RunningProcessor;

interface Listed {
  readonly robots: { robotId: string; partition: number; state: { reported: { mode?: string } } }[];
  readonly asOf: { partition: number; offset: number; logTimeMs: number }[];
  readonly next?: string;
}

const robotIds = Array.from({ length: 40 }, (_, at) => `robot-${String(at).padStart(2, '0')}`);
const reported = (robotId: string, data: object) => ({ robotId, event: { type: 'robot.state.v1', data } });

beforeAll(async () => {
  harness = await startHarness(partitions);
  one = await harness.start('one', { PROCESSOR_STATE_INTERVAL_MS: '600000' });
  await harness.append(
    robotIds.map((robotId, at) =>
      reported(robotId, {
        mode: at % 4 === 0 ? 'MANUAL' : 'AUTOMATIC',
        battery: { percent: at * 2 + 0.5 },
        errors: at % 10 === 3 ? [{ type: 'LIDAR', level: 'FATAL' }] : [],
      }),
    ),
  );
  await harness.append(
    robotIds.slice(0, 6).map((robotId, at) => ({
      robotId,
      event: {
        type: 'fleet.robot-enrolled.v1',
        source: '/fleet/test',
        data: { name: `Unit ${at}`, fleet: at % 2 === 0 ? 'north' : 'south' },
      },
    })),
  );
  await harness.caughtUp();
});

afterAll(async () => {
  await harness.stop();
});

async function listAll(from: RunningProcessor, query: string, limit: number): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor = ''; ;) {
    const page: Listed = await from.getJson(`/v1/robots?${query}&limit=${limit}${cursor}`);
    expect(page.robots.length).toBeLessThanOrEqual(limit);
    expect(page.asOf.map(({ partition }) => partition)).toEqual([...Array(partitions).keys()]);
    ids.push(...page.robots.map(({ robotId }) => robotId));
    if (page.next === undefined) return ids;
    cursor = `&cursor=${page.next}`;
  }
}

describe('lists of robots', () => {
  it.each([
    { query: 'status=online', ids: robotIds },
    { query: 'mode=MANUAL', ids: robotIds.filter((_, at) => at % 4 === 0) },
    { query: 'batteryBelow=20', ids: robotIds.slice(0, 10) },
    { query: 'errorLevel=CRITICAL', ids: robotIds.filter((_, at) => at % 10 === 3) },
    { query: 'fleet=north', ids: ['robot-00', 'robot-02', 'robot-04'] },
    { query: 'text=unit%203', ids: ['robot-03'] },
    { query: 'text=BOT-1&mode=MANUAL', ids: ['robot-12', 'robot-16'] },
    { query: 'status=offline', ids: [] },
  ])('chooses by $query, in pages of any size, in one order', async ({ query, ids }) => {
    expect(await listAll(one, query, 7)).toEqual(ids);
    expect(await listAll(one, query, 1000)).toEqual(ids);
  });

  it('names the robots that it wants, of whatever partition, and gets those that are known', async () => {
    const ids = ['robot-03', 'nobody', 'robot-11', 'robot-00'];
    const page: Listed = await one.getJson(`/v1/robots?ids=${ids.join(',')}`);
    expect(page.robots.map(({ robotId }) => robotId)).toEqual(['robot-00', 'robot-03', 'robot-11']);
    const asked = new Set(page.asOf.map(({ partition }) => partition));
    expect(page.robots.every((robot) => asked.has((robot as { partition?: number }).partition ?? -1))).toBe(true);
  });

  it('is up to date without any batch having been stored, and forces none', async () => {
    const [position] = await harness.append([reported('robot-05', { mode: 'SERVICE' })]);
    if (position === undefined) expect.unreachable();
    const { partition, offset } = position;
    const path = `/v1/robots?partition=${partition}&minOffset=${offset + 1}&mode=SERVICE`;
    expect((await one.getJson<Listed>(path)).robots.map(({ robotId }) => robotId)).toEqual(['robot-05']);
    const { partitions: views } = await one.getJson<{ partitions: { appliedOffset: number }[] }>('/v1/partitions');
    expect(views.every(({ appliedOffset }) => appliedOffset === 0)).toBe(true);
  });

  it('gives whole partitions to tools, each as of one offset', async () => {
    const all = await one.getJson<Listed>('/v1/robots');
    expect(all.robots.map(({ robotId }) => robotId).sort()).toEqual(robotIds);
    expect(all.asOf).toHaveLength(partitions);
    for (const { robotId, partition } of all.robots) expect(partition).toBe(partitionForKey(robotId, partitions));
  });
});

describe('reading one robot', () => {
  it('shows one its own write, and nothing that is not committed', async () => {
    for (let round = 0; round < 20; round += 1) {
      const robotId = robotIds[round] ?? '';
      const [position] = await harness.append([reported(robotId, { mode: 'SEMIAUTOMATIC' })]);
      if (position === undefined) expect.unreachable();
      const answer = await one.getJson<{ state: { reported: { mode: string } }; asOf: { offset: number } }>(
        `/v1/robots/${robotId}?minOffset=${position.offset + 1}`,
      );
      expect(answer.state.reported.mode).toBe('SEMIAUTOMATIC');
      expect(answer.asOf.offset).toBeGreaterThan(position.offset);
      const { partitions: views } = await one.getJson<{ partitions: { partition: number; committedOffset: number }[] }>(
        '/v1/partitions',
      );
      const view = views.find(({ partition }) => partition === position.partition);
      expect(view?.committedOffset).toBeGreaterThanOrEqual(answer.asOf.offset);
    }
  });

  it('says that an offset was not reached in time', async () => {
    const { status, body } = await one.get('/v1/robots/robot-01?minOffset=1000000&waitMs=100');
    expect([status, (JSON.parse(body) as { code: string }).code]).toEqual([504, 'FS_OFFSET_NOT_REACHED']);
  });

  it.each(['at=never', 'limit=5', 'minOffset=-1'])('refuses ?%s by name', async (query) => {
    const { status, body } = await one.get(`/v1/robots/robot-01?${query}`);
    expect([status, (JSON.parse(body) as { code: string }).code]).toEqual([400, 'FS_QUERY_INVALID']);
  });
});

describe('with two instances', () => {
  it('lists and reads the same from each, after a restart as well', async () => {
    await one.stop();
    one = await harness.start('one');
    expect(await listAll(one, 'text=bot-1', 3)).toEqual(robotIds.slice(10, 20));
    const two = await harness.start('two');
    await until(async () => {
      const { partitions: views } = await two.getJson<{ partitions: { owner: string }[] }>('/v1/partitions');
      return views.length === partitions && new Set(views.map(({ owner }) => owner)).size === 2;
    });
    for (const instance of [one, two]) {
      await until(async () => (await instance.get('/v1/robots?limit=1')).status === 200);
      expect(await listAll(instance, 'status=online,offline', 7)).toEqual(robotIds);
      expect((await instance.getJson<Listed>('/v1/robots')).robots).toHaveLength(robotIds.length);
      for (const robotId of robotIds.slice(0, 6))
        expect((await instance.get(`/v1/robots/${robotId}`)).status).toBe(200);
    }
    await two.stop();
  });
});
