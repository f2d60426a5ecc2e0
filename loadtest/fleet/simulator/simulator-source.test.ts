import { parseRobotEvent } from '@fleetstream/contracts';
import { describe, expect, it } from 'vitest';
import { type FeedItem, type SourceOptions } from '../fleet-source.ts';
import { createSimulatorSource } from './simulator-source.ts';

const startMs = Date.parse('2026-01-01T00:00:00Z');
const options: SourceOptions = { robots: 40, rate: 40, speed: 1, seed: 7, run: 'run1', once: true, startMs };

function play(changed: Partial<SourceOptions> = {}): { readonly robotId: string; readonly item: FeedItem }[] {
  const { feeds } = createSimulatorSource({ ...options, ...changed });
  return feeds.flatMap((feed) => {
    const items: { robotId: string; item: FeedItem }[] = [];
    for (let item = feed.next(); item !== undefined; item = feed.next()) {
      items.push({ robotId: feed.identity.robotId, item });
    }
    return items;
  });
}

interface Sent {
  readonly type: string;
  readonly time: string;
  readonly bootid: string;
  readonly sequence: number;
  readonly data: { readonly errors?: readonly unknown[]; readonly battery?: { readonly charging: boolean } };
}

const all = play();
const events = all.flatMap(({ robotId, item }) =>
  item.kind === 'event' ? [{ robotId, item, sent: JSON.parse(item.event.body) as Sent }] : [],
);

describe('the simulator', () => {
  it('is the same fleet for the same seed, and another for another', () => {
    expect(play()).toEqual(all);
    expect(play({ seed: 8 })).not.toEqual(all);
  });

  it('makes only events that the platform takes as they are, each with an id of its own', () => {
    for (const { robotId, sent } of events) {
      const parsed = parseRobotEvent(sent, { robotId, fallbackId: 'none' });
      expect(parsed).toMatchObject({ kind: 'event', canonical: true });
    }
    expect(new Set(events.map(({ item }) => item.event.id)).size).toBe(events.length);
  });

  it('keeps the rate', () => {
    const perSecond = events.length / 600;
    expect(perSecond).toBeGreaterThan(36);
    expect(perSecond).toBeLessThan(44);
  });

  it('has missions, alerts, telemetry, charging, and errors that are raised and cleared', () => {
    expect(new Set(events.map(({ sent }) => sent.type))).toEqual(
      new Set(['robot.state.v1', 'robot.telemetry.v1', 'robot.task.v1', 'robot.alert.v1']),
    );
    expect(events.some(({ sent }) => sent.data.battery?.charging === true)).toBe(true);
    const listed = events.filter(({ sent }) => sent.data.errors !== undefined);
    const changes = listed.filter(({ robotId, sent }, index) => {
      const before = listed[index - 1];
      return before?.robotId === robotId && before.sent.data.errors?.length !== sent.data.errors?.length;
    });
    expect(changes.some(({ sent }) => sent.data.errors?.length === 1)).toBe(true);
    expect(changes.some(({ sent }) => sent.data.errors?.length === 0)).toBe(true);
  });

  it('has network holes in which events are still made', () => {
    const holes = all.filter(({ item }) => item.kind === 'network' && !item.online);
    expect(holes.length).toBeGreaterThan(5);
    const [hole] = holes;
    const later = all.slice(all.indexOf(hole ?? expect.unreachable()) + 1);
    expect(later[0]?.item.kind).toBe('event');
  });

  it('counts up by one within a boot, and boots anew now and then', () => {
    const boots = new Map<string, number>();
    for (const { robotId, sent } of events) {
      const boot = `${robotId}/${sent.bootid}`;
      expect(sent.sequence).toBe((boots.get(boot) ?? -1) + 1);
      boots.set(boot, sent.sequence);
    }
    expect(boots.size).toBeGreaterThan(40);
  });

  it('has clocks that are days off', () => {
    const offDays = events.map(({ sent, item }) => Math.abs(Date.parse(sent.time) - startMs - item.atMs) / 86_400_000);
    expect(offDays.some((days) => days > 1)).toBe(true);
    expect(offDays.filter((days) => days < 0.001).length).toBeGreaterThan(events.length / 2);
  });
});
