import { randomUUID } from 'node:crypto';
import { silentLog } from '@fleetstream/kernel';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { createKeyValueCache, type KeyValueCache } from './key-value-cache.ts';

const stops: (() => Promise<void>)[] = [];
const failures: string[] = [];

async function start(url: string): Promise<KeyValueCache> {
  const cache = createKeyValueCache({
    url,
    log: silentLog,
    prefix: `test-${randomUUID()}`,
    timeoutMs: 1000,
    withoutIt: 'nothing is remembered',
    onFailure: (operation, reason) => failures.push(`${operation} ${reason}`),
  });
  stops.push(await cache.start());
  return cache;
}

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  failures.length = 0;
});

describe('the key-value cache', () => {
  it('gives back what was set, and nothing else', async () => {
    const cache = await start(inject('redisUrl'));
    await expect.poll(() => cache.claim('a', 'first', 60)).toEqual({ kind: 'claimed' });
    expect(await cache.claim('a', 'second', 60)).toEqual({ kind: 'taken', value: 'first' });
    expect(await cache.get('a')).toBe('first');
    await cache.set('a', 'third', 60);
    expect(await cache.get('a')).toBe('third');
    expect(await cache.get('b')).toBeUndefined();
  });

  it('knows nothing without Redis, says so, and does not reject', async () => {
    const cache = await start('redis://127.0.0.1:1');
    expect(await cache.claim('a', 'x', 60)).toEqual({ kind: 'unknown' });
    expect(await cache.get('a')).toBeUndefined();
    await cache.set('a', 'x', 60);
    expect(failures).toEqual(['claim error', 'get error', 'set error']);
  });
});
