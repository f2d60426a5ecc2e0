import { type FoldProgressBoard, type RobotProgress } from '@fleetstream/cache';
import { type RobotState } from '@fleetstream/robot-model';
import { describe, expect, it, vi } from 'vitest';
import { createAckPublisher } from './publish-acks.ts';

function setUp(robotsMax?: number) {
  const published: RobotProgress[] = [];
  const redis = { there: true };
  const board: FoldProgressBoard = {
    name: 'board',
    start: () => Promise.resolve(() => Promise.resolve()),
    publish: (robots) => {
      if (redis.there) published.push(...robots);
      return Promise.resolve(redis.there);
    },
    publishLag: () => Promise.resolve(true),
    readLags: () => Promise.resolve([]),
  };
  const dropped = vi.fn();
  const publisher = createAckPublisher({
    ...{ board, statuses: () => [], onDropped: dropped },
    clock: { nowMs: () => 0, monotonicMs: () => 0 },
    ...(robotsMax === undefined ? {} : { robotsMax }),
  });
  const store = (robotId: string, through: number) => {
    const boots = [{ bootId: 'b', ranges: [0, through], floor: 0, givenUp: 0 }];
    const state = { boots } as unknown as RobotState;
    publisher.afterStore({ partition: 0, appliedOffset: 1, changed: [{ key: robotId, state }] });
  };
  return { publisher, published, dropped, redis, store };
}

const through = ({ robotId, boots }: RobotProgress) => [
  robotId,
  ...boots.map(({ text }) => (JSON.parse(text) as { ackedThrough: number }).ackedThrough),
];

describe('createAckPublisher', () => {
  it("tells a robot's newest progress once, the last of it when it is stopped", async () => {
    const { publisher, published, store } = setUp();
    const stop = await publisher.start();
    store('a', 1);
    store('b', 5);
    store('a', 2);
    await stop();
    expect(published.map(through)).toEqual([
      ['a', 2],
      ['b', 5],
    ]);
  });

  it('keeps what Redis did not take, within a limit, and counts what it had to drop', async () => {
    const { publisher, published, dropped, redis, store } = setUp(2);
    redis.there = false;
    const stop = await publisher.start();
    for (const robotId of ['a', 'b', 'c']) store(robotId, 1);
    expect(dropped).toHaveBeenCalledWith(1);
    redis.there = true;
    await stop();
    expect(published.map(through)).toEqual([
      ['b', 1],
      ['c', 1],
    ]);
  });
});
