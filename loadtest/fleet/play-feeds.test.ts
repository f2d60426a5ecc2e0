import { systemClock } from '@fleetstream/kernel';
import { describe, expect, it } from 'vitest';
import { type FeedItem, type RobotFeed } from './fleet-source.ts';
import { FleetTally } from './fleet-tally.ts';
import { playFeeds } from './play-feeds.ts';
import { type RobotClient } from './robot-client.ts';
import { createRobotEvent } from './robot-event.ts';

function createFeed(robotId: string, times: readonly number[]): RobotFeed {
  const items = times.map((atMs, index): FeedItem => {
    const event = createRobotEvent({ robotId, id: `${robotId}${index}`, type: 'robot.state.v1', dataText: '{}' });
    return { kind: 'event', atMs, event };
  });
  return { identity: { robotId, name: '', fleet: '', site: '', model: '' }, next: () => items.shift() };
}

async function play(feeds: readonly RobotFeed[], offer: (id: string, nowMs: number) => boolean): Promise<FleetTally> {
  let nowMs = 0;
  const tally = new FleetTally();
  const client = { offer: (event: { id: string }) => offer(event.id, nowMs) } as unknown as RobotClient;
  await playFeeds({
    cast: feeds.map((feed) => ({ feed, client })),
    clock: { ...systemClock, monotonicMs: () => nowMs },
    tally,
    sleep: (ms) => {
      nowMs += ms;
      return Promise.resolve();
    },
    signal: new AbortController().signal,
  });
  return tally;
}

describe('playFeeds', () => {
  it('makes each item happen at its time, whatever feed it is of', async () => {
    const feeds = Array.from({ length: 40 }, (_, robot) =>
      createFeed(
        `r${robot}-`,
        [0, 1, 2, 3].map((step) => ((robot * 37) % 40) * 50 + step * 1000),
      ),
    );
    const heard: number[] = [];
    await play(feeds, (_, nowMs) => {
      heard.push(nowMs);
      return true;
    });
    expect(heard).toHaveLength(160);
    expect(heard).toEqual([...heard].sort((a, b) => a - b));
    expect(heard.at(-1)).toBeGreaterThanOrEqual(3000 + 39 * 50);
  });

  it('a full outbox holds the robot up, loses nothing and is counted once', async () => {
    const heard: string[] = [];
    const tally = await play([createFeed('a', [0, 100, 200]), createFeed('b', [150])], (id, nowMs) => {
      if (id === 'a1' && nowMs < 1000) return false;
      heard.push(id);
      return true;
    });
    expect(heard).toEqual(['a0', 'b0', 'a1', 'a2']);
    expect(tally.outboxFull).toBe(1);
  });
});
