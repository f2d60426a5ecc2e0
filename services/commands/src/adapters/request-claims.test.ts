import { type Claim, type KeyValueCache } from '@fleetstream/cache';
import { beforeEach, describe, expect, it } from 'vitest';
import { createRequestClaims } from './request-claims.ts';

let nowMs: number;
let shared: Map<string, string>;
let away: boolean;

const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
const cache: KeyValueCache = {
  name: 'memory',
  start: () => Promise.resolve(() => Promise.resolve()),
  get: (key) => Promise.resolve(away ? undefined : shared.get(key)),
  set: (key, value) => {
    if (!away) shared.set(key, value);
    return Promise.resolve();
  },
  claim: (key, value): Promise<Claim> => {
    if (away) return Promise.resolve({ kind: 'unknown' });
    const before = shared.get(key);
    if (before === undefined) shared.set(key, value);
    return Promise.resolve(before === undefined ? { kind: 'claimed' } : { kind: 'taken', value: before });
  },
  breakerState: () => 'closed',
};

beforeEach(() => {
  nowMs = 1000;
  shared = new Map();
  away = false;
});

const go = { robotId: 'r', fingerprint: 'go' };
const stop = { robotId: 'r', fingerprint: 'stop' };

describe('a claim', () => {
  it.each([
    { name: 'with Redis', redis: true, elsewhere: 'conflict' },
    { name: 'without it only on its own instance', redis: false, elsewhere: 'ours' },
  ])('is for one request, $name', async ({ redis, elsewhere }) => {
    away = !redis;
    const [one, other] = [createRequestClaims(cache, clock), createRequestClaims(cache, clock)];
    expect(await one.claim('c', go)).toBe('ours');
    expect(await one.claim('c', go)).toBe('ours');
    expect(await one.claim('c', stop)).toBe('conflict');
    expect(await other.claim('c', stop)).toBe(elsewhere);
    expect(await createRequestClaims(cache, clock).claim('c', go)).toBe('ours');
  });

  it('says on every instance that the log has it', async () => {
    const one = createRequestClaims(cache, clock);
    await one.claim('c', go);
    one.appended('c');
    for (const claims of [one, createRequestClaims(cache, clock)]) {
      expect(await claims.claim('c', go)).toBe('appended');
      expect(await claims.claim('c', stop)).toBe('conflict');
    }
  });

  it.each([
    { name: 'before the log has it', appended: false, laterMs: 0, found: undefined },
    { name: 'once the log has it', appended: true, laterMs: 0, found: 'r' },
    { name: 'just before it must have shown', appended: true, laterMs: 599_999, found: 'r' },
    { name: 'when it must have shown and ended', appended: true, laterMs: 600_000, found: undefined },
  ])('tells every instance of its command $name: $found', async ({ appended, laterMs, found }) => {
    const [one, other] = [createRequestClaims(cache, clock), createRequestClaims(cache, clock)];
    await one.claim('c', go);
    if (appended) one.appended('c');
    nowMs += laterMs;
    expect(await one.findRequested('c')).toBe(found);
    expect(await other.findRequested('c')).toBe(found);
    expect(await other.findRequested('another')).toBeUndefined();
  });
});
