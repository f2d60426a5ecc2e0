import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isRobotEventType, isDialectType, parseRobotEvent } from '@fleetstream/contracts';
import { describe, expect, it } from 'vitest';
import { type FeedItem, type FleetSource, type RobotFeed } from '../fleet-source.ts';
import { type RobotEvent } from '../robot-event.ts';
import { findOrbisSessions, loadOrbisSessions } from './load-orbis-sessions.ts';
import { createRecordingSource, type RecordingOptions } from './recording-source.ts';

const path = fileURLToPath(new URL('../../../../shared/data', import.meta.url));
const present = existsSync(path);
if (!present) console.warn(`skipped: no recordings of real robots in ${path}`);

const defaults: RecordingOptions = {
  path,
  choice: 'agv-session',
  sessions: 'main',
  robots: 200,
  rate: 0,
  speed: 1,
  seed: 1,
  run: 'run1',
  once: true,
  startMs: Date.parse('2026-01-01T00:00:00Z'),
};

const open = (options: Partial<RecordingOptions>) => createRecordingSource({ ...defaults, ...options });

function* play(feed: RobotFeed, most = Infinity): Generator<Extract<FeedItem, { kind: 'event' }>, undefined> {
  for (let count = 0; count < most; count++) {
    const item = feed.next();
    if (item === undefined) return undefined;
    if (item.kind === 'event') yield item;
  }
  return undefined;
}

function eventsOf(source: FleetSource): { readonly robotId: string; readonly event: RobotEvent }[] {
  return source.feeds.flatMap((feed) =>
    [...play(feed)].map(({ event }) => ({ robotId: feed.identity.robotId, event })),
  );
}

const find = (source: FleetSource, robotId: string): RobotFeed => {
  const feed = source.feeds.find(({ identity }) => identity.robotId === robotId);
  if (feed === undefined) expect.unreachable(`no ${robotId}`);
  return feed;
};

interface Sent {
  readonly time?: string;
  readonly sequence?: number;
  readonly bootid?: string;
  readonly data: Record<string, unknown>;
}

const parse = (event: RobotEvent): Sent => JSON.parse(event.body) as Sent;

describe.skipIf(!present)('the AGV session', () => {
  it('is 14 robots at their own ids, each line an event or counted as not replayed', async () => {
    const source = await open({});
    const events = eventsOf(source);
    expect(source.feeds.map(({ identity }) => identity.robotId).sort()).toEqual(
      [
        ...['5iO4', 'leJ4', 'SVR3QA0022', 'SVR3QA2098', 'SVR4H73275', 'SVR4H76449', 'SVR4H76530'],
        ...['flame-1', 'mq2-1', 'dht11-1', 'mpu6050-1', 'sw420-1', 'txt-1', 'ccu'],
      ].sort(),
    );
    expect(source.notReplayed).toEqual({ instantAction: 520, order: 49 });
    expect(events).toHaveLength(2715 - 520 - 49);
    const states = (robotId: string) =>
      events.filter((one) => one.robotId === robotId && one.event.type === 'vda5050.state.v2').length;
    expect([states('5iO4'), states('leJ4')]).toEqual([144, 124]);
  });

  it('has 7 exact duplicate lines, which are the same events with the same bytes', async () => {
    const source = await open({});
    expect(source.exactDuplicateLines).toBe(7);
    const events = [...play(find(source, 'ccu'))].map(({ event }) => event);
    const bodies = new Map(events.map((event) => [event.id, event.body]));
    expect(events.length - bodies.size).toBe(7);
    expect(events.every((event) => bodies.get(event.id) === event.body)).toBe(true);
  });

  it('has a largest payload of 204,247 bytes, which goes out whole', async () => {
    const recording = await loadOrbisSessions(await findOrbisSessions(`${path}/orbis-agv-sessions`, 'main'));
    expect(recording.largestPayloadBytes).toBe(204_247);
    const largest = Math.max(...eventsOf(await open({})).map(({ event }) => event.sizeBytes));
    expect(largest).toBeGreaterThan(204_247);
    expect(largest).toBeLessThan(256 * 1024);
  });

  it("every event is one that the platform takes; the product's own types as the very bytes sent", async () => {
    for (const { robotId, event } of eventsOf(await open({}))) {
      const sent = JSON.parse(event.body) as unknown;
      const parsed = parseRobotEvent(sent, { robotId, fallbackId: 'none' });
      if (parsed.kind !== 'event') expect.unreachable(`${robotId}: ${parsed.detail}`);
      expect(isDialectType(event.type) || isRobotEventType(event.type)).toBe(true);
      expect(JSON.stringify(sent)).toBe(event.body);
      if (isDialectType(event.type))
        expect(JSON.stringify((parsed.event.data as Sent['data'])['raw'])).toBe(event.hashed);
      else expect(parsed.canonical).toBe(true);
    }
  });

  it("keeps the devices' clocks, wrong as they are, and their counters per topic", async () => {
    const source = await open({});
    const first = (robotId: string) => {
      const item = play(find(source, robotId)).next().value;
      return item === undefined ? undefined : parse(item.event);
    };
    expect(first('leJ4')).toMatchObject({
      sequence: 63,
      bootid: 'state.0.0.run1',
      time: expect.stringMatching(/^2026-04-30/) as string,
    });
    expect(first('5iO4')).toMatchObject({ sequence: 36, time: '2026-05-13T11:50:58.609736Z' });
    const boots = new Set([...play(find(source, 'SVR4H73275'))].map(({ event }) => parse(event).bootid));
    expect([...boots].sort()).toEqual(['connection.0.0.run1', 'nodered-state.0.0.run1', 'state.0.0.run1']);
  });

  it('a sensor says numbers with units, booleans as 0 and 1', async () => {
    const item = play(find(await open({}), 'dht11-1')).next().value;
    expect(item === undefined ? undefined : parse(item.event).data['metrics']).toEqual({
      temperature: { value: 21.7, unit: 'degC' },
      humidity: { value: 34.2, unit: '%' },
    });
    const flame = play(find(await open({}), 'flame-1')).next().value;
    expect(flame === undefined ? undefined : parse(flame.event).data['metrics']).toMatchObject({
      flameDetected: { value: 0 },
    });
  });

  it('all four sessions replay as well', async () => {
    const source = await open({ choice: 'orbis', sessions: 'all', robots: 20 });
    const counted = Object.values(source.notReplayed).reduce((sum, count) => sum + count, 0);
    const originals = source.feeds.filter(({ identity }) => !identity.robotId.includes('-c'));
    expect(counted + originals.flatMap((feed) => [...play(feed)]).length).toBe(5708);
  });
});

describe.skipIf(!present)('the whole collection', () => {
  it('interleaves kinds, the factory first, and gives copies names of their own', async () => {
    const source = await open({ choice: 'all', robots: 100, once: false });
    const ids = source.feeds.map(({ identity }) => identity.robotId);
    expect(source.tracks).toBe(45);
    expect(ids.slice(14, 17)).toEqual(['cf-1', 'ur3-1', 'cf-2']);
    expect(new Set(ids).size).toBe(100);
    const copy = play(find(source, 'leJ4-c1')).next().value;
    expect(copy === undefined ? undefined : parse(copy.event).data['serialNumber']).toBe('leJ4-c1');
  });

  it('stays within the rate, and says how', async () => {
    const source = await open({ choice: 'all', robots: 45, rate: 100, once: false });
    let created = 0;
    for (const feed of source.feeds)
      for (const { atMs } of play(feed, 100_000))
        if (atMs < 60_000) created += 1;
        else break;
    expect(created / 60).toBeLessThan(105);
    expect(created / 60).toBeGreaterThan(70);
    expect(source.fitting).toMatch(/crazyflie-2.0: one sample in \d+/);
  });

  it('a loop is new events of the same robot after a reboot; time never runs back', async () => {
    const source = await open({ choice: 'crazyflie', robots: 31, rate: 40, once: false });
    for (const robotId of ['cf-1', 'cf-1-c1']) {
      const items = [...play(find(source, robotId), 500)];
      expect(new Set(items.map(({ event }) => event.id)).size).toBe(500);
      expect(new Set(items.map(({ event }) => parse(event).bootid)).size).toBeGreaterThan(1);
      const times = items.map(({ atMs }) => atMs);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }
  });

  it('the same run again is the same events, another run is other events', async () => {
    const ids = async (run: string) => eventsOf(await open({ run })).map(({ event }) => event.id);
    const [one, again, other] = await Promise.all([ids('run1'), ids('run1'), ids('run2')]);
    expect(again).toEqual(one);
    expect(new Set([...one, ...other]).size).toBe(2 * new Set(one).size);
  });
});

describe.skipIf(!present)('the cobot', () => {
  it('reads decimal commas, leaves blanks out and never tells the labels', async () => {
    const events = eventsOf(await open({ choice: 'ur3', robots: 1 })).map(({ event }) => event);
    expect(events).toHaveLength(4500);
    const first = events[0];
    if (first === undefined) expect.unreachable();
    const { metrics } = parse(first).data as { metrics: Record<string, unknown> };
    expect(parse(first)).toMatchObject({ time: '2022-10-26T08:17:21.847Z', sequence: 0 });
    expect(metrics['current.j0']).toEqual({ value: 0.109627604, unit: 'A' });
    expect(metrics['temperature.j0']).toEqual({ value: 27.875, unit: 'degC' });
    expect(Object.keys(metrics)).toHaveLength(20);
    expect(events.some((event) => /protective|grip/i.test(event.body))).toBe(false);
    const blanks = events.filter((event) => Object.keys(parse(event).data['metrics'] as object).length < 20);
    expect(blanks.length).toBe(17);
  });
});
