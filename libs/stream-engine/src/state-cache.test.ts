import { describe, expect, it } from 'vitest';
import { StateCache } from './state-cache.ts';
import { toStateValue } from './state-value.ts';

const fold = { stateVersion: 2, decodeState: (text: string) => text, dueAt: ({ length }: string) => length };
const noTimers = { sizeBytes: 0, isDisarmed: () => false };

function createStore(states: Record<string, string>) {
  const asked: string[][] = [];
  return {
    asked,
    getMany: (keys: readonly string[]) => {
      asked.push([...keys]);
      return Promise.resolve(keys.map((key) => (states[key] === undefined ? undefined : toStateValue(2, states[key]))));
    },
  };
}

describe('StateCache', () => {
  it('reads many keys at once, each once, and remembers that a key has no state', async () => {
    const store = createStore({ a: 'state of a' });
    const cache = new StateCache(fold, store, { cacheEntries: 10, cacheBytes: 1e6 }, noTimers);
    expect(await cache.load(['a', 'b', 'a'])).toBe(2);
    expect(await cache.load(['b', 'a'])).toBe(0);
    expect(store.asked).toEqual([['a', 'b']]);
    expect(cache.get('a')?.state).toBe('state of a');
    expect(cache.get('b')).toMatchObject({ state: undefined });
    expect(cache.get('c')).toBeUndefined();
  });

  it('never drops what the store does not have yet, however small it is', async () => {
    const cache = new StateCache(fold, createStore({}), { cacheEntries: 1, cacheBytes: 1e6 }, noTimers);
    await cache.load(['a', 'b', 'c', 'd']);
    for (const key of ['a', 'b', 'c']) {
      const entry = cache.get(key);
      if (entry !== undefined) cache.change(entry, `new ${key}`);
    }
    cache.shrink();
    cache.shrink();
    expect(['a', 'b', 'c'].map((key) => cache.get(key)?.state)).toEqual(['new a', 'new b', 'new c']);
    expect(cache.size).toBe(3);
    cache.clean([5, 5, 5]);
    cache.shrink();
    cache.shrink();
    expect(cache.size).toBe(1);
  });

  it('drops what was not used lately before what was', async () => {
    const cache = new StateCache(fold, createStore({}), { cacheEntries: 2, cacheBytes: 1e6 }, noTimers);
    await cache.load(['a', 'b', 'c', 'd']);
    cache.shrink();
    expect(cache.size).toBe(2);
    await cache.load(['e']);
    cache.shrink();
    expect(cache.get('e')).toBeDefined();
  });

  it('keeps to its bytes', async () => {
    const states = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`k${index}`, 'x'.repeat(1000)]));
    const cache = new StateCache(fold, createStore(states), { cacheEntries: 100, cacheBytes: 6500 }, noTimers);
    // 1001 bytes of text each, 1862 of heap.
    await cache.load(Object.keys(states));
    cache.shrink();
    expect(cache.size).toBe(3);
  });

  it('leaves room for the timers, but keeps a quarter for states', async () => {
    const states = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`k${index}`, 'x'.repeat(1000)]));
    const timers = { ...noTimers };
    const cache = new StateCache(fold, createStore(states), { cacheEntries: 100, cacheBytes: 20_000 }, timers);
    const sizeWith = (sizeBytes: number) => {
      timers.sizeBytes = sizeBytes;
      cache.shrink();
      return cache.size;
    };
    await cache.load(Object.keys(states));
    expect([0, 10_000, 19_000, 1e9].map(sizeWith)).toEqual([10, 5, 2, 2]);
  });

  it('knows what its changed states take until they are stored', async () => {
    const cache = new StateCache(
      fold,
      createStore({ a: 'x'.repeat(999) }),
      { cacheEntries: 10, cacheBytes: 1e6 },
      noTimers,
    );
    await cache.load(['a', 'b']);
    for (const key of ['a', 'b', 'a']) {
      const entry = cache.get(key);
      if (entry !== undefined) cache.change(entry, 'new');
    }
    expect(cache.dirtyBytes).toBe(1860 + 900);
    cache.clean([4, 4]);
    expect(cache.dirtyBytes).toBe(0);
  });

  it('takes a state from the disk to have its alarm, unless its timer is disarmed', async () => {
    const timers = { ...noTimers, isDisarmed: (key: string) => key === 'b' };
    const states = createStore({ a: 'due at 9', b: 'due at 9' });
    const cache = new StateCache(fold, states, { cacheEntries: 9, cacheBytes: 1e6 }, timers);
    await cache.load(['a', 'b', 'c']);
    expect(['a', 'b', 'c'].map((key) => cache.get(key)?.notedMs)).toEqual([8, undefined, undefined]);
  });

  it('refuses a state of a later version', async () => {
    const store = { getMany: () => Promise.resolve([toStateValue(3, 'x')]) };
    const cache = new StateCache(fold, store, { cacheEntries: 1, cacheBytes: 1e6 }, noTimers);
    await expect(cache.load(['a'])).rejects.toMatchObject({ code: 'FS_STATE_TOO_NEW' });
  });
});
