import { silentLog } from '@fleetstream/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Component } from './component.ts';
import { runComponents } from './run-components.ts';

let events: string[];
let shutdown: AbortController;
beforeEach(() => {
  events = [];
  shutdown = new AbortController();
});

function part(name: string, faults: { start?: 'fails'; stop?: 'fails' | 'hangs' } = {}): Component {
  return {
    name,
    start: () => {
      events.push(`start ${name}`);
      if (faults.start === 'fails') return Promise.reject(new Error(`${name} failed`));
      return Promise.resolve(async () => {
        events.push(`stop ${name}`);
        if (faults.stop === 'fails') throw new Error(`${name} did not stop`);
        if (faults.stop === 'hangs') await new Promise(() => undefined);
      });
    },
  };
}

const run = (components: Component[], stopTimeoutMs = 1000) =>
  runComponents({
    components,
    shutdown: shutdown.signal,
    log: silentLog,
    stopTimeoutMs,
    onStarted: () => {
      events.push('started');
      shutdown.abort();
    },
  });

describe('runComponents', () => {
  it('starts in order and stops in reverse', async () => {
    expect(await run([part('a'), part('b')])).toEqual({ clean: true });
    expect(events).toEqual(['start a', 'start b', 'started', 'stop b', 'stop a']);
  });

  it('stops what runs when a later one fails to start, and throws its error', async () => {
    await expect(run([part('a'), part('b', { start: 'fails' }), part('c')])).rejects.toThrow('b failed');
    expect(events).toEqual(['start a', 'start b', 'stop a']);
  });

  it('starts nothing when the shutdown came first', async () => {
    shutdown.abort();
    expect(await run([part('a')])).toEqual({ clean: true });
    expect(events).toEqual([]);
  });

  it('stops what runs when the shutdown comes between two starts', async () => {
    const slow: Component = {
      name: 'slow',
      start: async () => {
        const stop = await part('slow').start();
        shutdown.abort();
        return stop;
      },
    };
    await run([slow, part('b')]);
    expect(events).toEqual(['start slow', 'stop slow']);
  });

  it('goes on stopping after a stop that failed, and calls it dirty', async () => {
    expect(await run([part('a'), part('b', { stop: 'fails' })])).toEqual({ clean: false });
    expect(events).toEqual(['start a', 'start b', 'started', 'stop b', 'stop a']);
  });

  it('waits for a stop that hangs no longer than the deadline', async () => {
    expect(await run([part('a'), part('b', { stop: 'hangs' })], 20)).toEqual({ clean: false });
    expect(events).toContain('stop a');
  });
});
