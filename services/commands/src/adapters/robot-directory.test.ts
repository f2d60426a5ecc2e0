import { type Claim, type KeyValueCache } from '@fleetstream/cache';
import { type AppendRecord } from '@fleetstream/kafka';
import { AppError, silentLog } from '@fleetstream/kernel';
import { createMetrics } from '@fleetstream/telemetry';
import { beforeEach, describe, expect, it } from 'vitest';
import { type PlatformList } from '../domain/platform-robot.ts';
import { createPlatformMetrics } from './platform-metrics.ts';
import { createRosterStore } from './platform-roster-store.ts';
import { createRobotDirectory } from './robot-directory.ts';

/** Redis, as far as instances share it here; `away` answers nothing. */
class SharedTexts {
  readonly texts = new Map<string, string>();
  away = false;

  toCache(): KeyValueCache {
    const { texts } = this;
    return {
      name: 'test-cache',
      start: () => Promise.resolve(() => Promise.resolve()),
      get: (key) => Promise.resolve(this.away ? undefined : texts.get(key)),
      set: (key, value) => {
        if (!this.away) texts.set(key, value);
        return Promise.resolve();
      },
      claim: (key, value): Promise<Claim> => {
        if (this.away) return Promise.resolve({ kind: 'unknown' });
        const before = texts.get(key);
        if (before !== undefined) return Promise.resolve({ kind: 'taken', value: before });
        texts.set(key, value);
        return Promise.resolve({ kind: 'claimed' });
      },
      breakerState: () => 'closed',
    };
  }
}

let shared: SharedTexts;
let nowMs: number;
let listed: PlatformList | undefined;
let appended: { readonly key: string; readonly type: string; readonly id: string; readonly data: object }[];
let logAway: boolean;

beforeEach(() => {
  shared = new SharedTexts();
  nowMs = 1_000_000;
  logAway = false;
  appended = [];
  list('a', 'b', 'c');
});

function list(...ids: readonly string[]): void {
  listed = { robots: ids.map((id) => ({ id, name: id.toUpperCase() })), complete: true };
}

const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
const freshMs = 1000;

function open(instance = 'one') {
  const directory = createRobotDirectory({
    platform: {
      list: () =>
        listed === undefined
          ? Promise.reject(new AppError('FS_PLATFORM_UNAVAILABLE', 'away'))
          : Promise.resolve(listed),
      breakerState: () => 'closed',
      stop: () => undefined,
    },
    store: createRosterStore({ cache: shared.toCache(), instance, turnSeconds: 60 }),
    producer: {
      append: (records: readonly AppendRecord[]) => {
        if (logAway) return Promise.reject(new AppError('FS_BROKER_UNAVAILABLE', 'away'));
        for (const { key, value } of records) {
          const { type, id, data } = JSON.parse(value as string) as { type: string; id: string; data: object };
          appended.push({ key, type, id, data });
        }
        return Promise.resolve([]);
      },
    },
    rules: { retireAfterLists: 3, retireAfterMs: 0, lossPercentMax: 20 },
    metrics: createPlatformMetrics(createMetrics('commands')),
    clock,
    log: silentLog,
    freshMs,
  });
  return {
    directory,
    /** As its timer does, some time after the last look. */
    look: async () => {
      nowMs += freshMs;
      await directory.refresh();
      return await directory.list().then(
        ({ robots, ageMs, stale }) => ({ ids: robots.map(({ id }) => id).join(''), ageMs, stale }),
        (thrown: unknown) => (thrown as AppError).code,
      );
    },
  };
}

const told = () => appended.map(({ key, type }) => `${type.slice('fleet.robot-'.length, -'.v1'.length)} ${key}`);

describe('the directory of robots', () => {
  it('tells the log of robots that come and change, once', async () => {
    const { look } = open();
    expect(await look()).toEqual({ ids: 'abc', ageMs: 0, stale: false });
    await look();
    expect(told()).toEqual(['enrolled a', 'enrolled b', 'enrolled c']);
    listed = {
      robots: [
        { id: 'a', name: 'A' },
        { id: 'b', name: 'B', site: 's' },
        { id: 'c', name: 'C' },
      ],
      complete: true,
    };
    await look();
    expect(appended.slice(3)).toMatchObject([{ key: 'b', data: { name: 'B', site: 's' } }]);
  });

  it('tells of a robot that changes back under another id, or it would be a duplicate', async () => {
    const { look } = open();
    for (const name of ['A', 'X', 'A']) {
      listed = { robots: [{ id: 'a', name }], complete: true };
      await look();
    }
    expect(new Set(appended.map(({ id }) => id)).size).toBe(3);
  });

  it('retires a robot that three lists lacked, and enrols it again when it is back', async () => {
    const { look } = open();
    await look();
    list('a', 'b');
    await look();
    expect(await look()).toMatchObject({ ids: 'abc' });
    expect(await look()).toMatchObject({ ids: 'ab' });
    list('a', 'b', 'c');
    await look();
    expect(told().slice(3)).toEqual(['retired c', 'enrolled c']);
    expect(appended[3]?.data).toEqual({
      reason: expect.stringMatching(/^not in 3 lists of the Robot Platform/) as string,
    });
    expect(new Set(appended.map(({ key, id }) => key + id)).size).toBe(appended.length);
  });

  it.each([
    { name: 'does not answer', given: undefined },
    { name: 'lists nobody', given: { robots: [], complete: true } },
    { name: 'lists a third', given: { robots: [{ id: 'a' }], complete: true } },
  ])('serves what it knows and says how old that is while the platform $name; nobody is retired', async ({ given }) => {
    const { look } = open();
    await look();
    listed = given;
    expect(await look()).toEqual({ ids: 'abc', ageMs: 1000, stale: false });
    for (let n = 2; n < 9; n += 1) expect(await look()).toEqual({ ids: 'abc', ageMs: n * 1000, stale: true });
    expect(told()).toEqual(['enrolled a', 'enrolled b', 'enrolled c']);
    list('a', 'b', 'c');
    expect(await look()).toEqual({ ids: 'abc', ageMs: 0, stale: false });
  });

  it('has no list before there was one', async () => {
    listed = undefined;
    expect(await open().look()).toBe('FS_PLATFORM_UNAVAILABLE');
  });

  it('lets one instance at a time ask and tell; the others take its list', async () => {
    const [one, two] = [open('one'), open('two')];
    await one.look();
    list('a', 'b', 'c', 'd');
    expect(await two.look()).toMatchObject({ ids: 'abc' });
    await one.look();
    nowMs -= freshMs;
    expect(await two.look()).toMatchObject({ ids: 'abcd', ageMs: 0 });
    expect(told()).toEqual(['enrolled a', 'enrolled b', 'enrolled c', 'enrolled d']);
  });

  it('goes on where another instance was, with what was told and who is missing', async () => {
    const one = open('one');
    await one.look();
    list('a', 'b');
    await one.look();
    await one.look();
    shared.texts.delete('roster-turn');
    expect(await open('two').look()).toMatchObject({ ids: 'ab' });
    expect(told().slice(3)).toEqual(['retired c']);
  });

  it('tells again what the log did not take', async () => {
    const { look } = open();
    logAway = true;
    expect(await look()).toMatchObject({ ids: 'abc', stale: false });
    expect(told()).toEqual([]);
    logAway = false;
    await look();
    expect(told()).toEqual(['enrolled a', 'enrolled b', 'enrolled c']);
  });

  it('tells nothing while Redis does not say whose turn it is, and retires nobody for that time', async () => {
    const { look } = open();
    await look();
    shared.away = true;
    list('a', 'b', 'd');
    for (let n = 0; n < 5; n += 1) expect(await look()).toMatchObject({ ids: 'abcd', ageMs: 0 });
    expect(told().length).toBe(3);
    shared.away = false;
    await look();
    expect(told().slice(3)).toEqual(['enrolled d']);
  });

  it('takes a broken text in Redis for none', async () => {
    await open('one').look();
    shared.texts.set('roster', 'garbage');
    expect(await open('one').look()).toMatchObject({ ids: 'abc' });
    expect(told().length).toBe(6);
  });
});
