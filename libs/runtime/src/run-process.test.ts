import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { silentLog } from '@fleetstream/kernel';
import { describe, expect, it } from 'vitest';
import { type Component } from './component.ts';
import { type ProcessPort, runProcess } from './run-process.ts';

/** Leaves `runProcess` the way the real exit would: nothing after it runs. */
class Exited extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

class FakeProcess extends EventEmitter implements ProcessPort {
  readonly codes: number[] = [];
  exit(code: number): never {
    this.codes.push(code);
    throw new Exited(code);
  }
}

const quiet: Component = { name: 'quiet', start: () => Promise.resolve(() => Promise.resolve()) };

async function begin(components: Parameters<typeof runProcess>[2]) {
  const process = new FakeProcess();
  const ended = runProcess(process, silentLog, components).catch((thrown: unknown) => {
    if (!(thrown instanceof Exited)) throw thrown;
  });
  await setImmediate();
  return { process, ended };
}

describe('runProcess', () => {
  it.each(['SIGTERM', 'SIGINT'])('ends with 0 after a clean stop by %s', async (signal) => {
    const { process, ended } = await begin(() => [quiet]);
    process.emit(signal, signal);
    await ended;
    expect(process.codes[0]).toBe(0);
  });

  it('ends with 1 when a component fails to start', async () => {
    const failing: Component = { name: 'failing', start: () => Promise.reject(new Error('no')) };
    const { process, ended } = await begin(() => [failing]);
    await ended;
    expect(process.codes).toEqual([1]);
  });

  it('ends with 1 when a component reports that it failed, after stopping the others', async () => {
    let stopped = false;
    let fail: (error: unknown) => void = () => undefined;
    const other: Component = {
      name: 'other',
      start: () =>
        Promise.resolve(() => {
          stopped = true;
          return Promise.resolve();
        }),
    };
    const { process, ended } = await begin((given) => {
      fail = given;
      return [other];
    });
    fail(new Error('broken'));
    await ended;
    expect([process.codes[0], stopped]).toEqual([1, true]);
  });

  it('ends with 1 on an error that nobody caught', async () => {
    const { process, ended } = await begin(() => [quiet]);
    process.emit('uncaughtException', new Error('surprise'));
    await ended;
    expect(process.codes[0]).toBe(1);
  });

  it('ends at once on a second signal', async () => {
    const hanging: Component = {
      name: 'hanging',
      start: () => Promise.resolve(() => new Promise<void>(() => undefined)),
    };
    const { process } = await begin(() => [hanging]);
    process.emit('SIGTERM', 'SIGTERM');
    expect(() => process.emit('SIGTERM', 'SIGTERM')).toThrow('exit 1');
  });
});
