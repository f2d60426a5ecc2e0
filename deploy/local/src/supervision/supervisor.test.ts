import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type LocalProcess, type ProcessExit } from '../local-process.ts';
import { type PartSpec, SupervisedPart } from './supervisor.ts';

class FakeProcess implements LocalProcess {
  readonly name = 'fake';
  readonly address = '';
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  end!: (exit: ProcessExit) => void;

  constructor(pid: number) {
    this.pid = pid;
    this.exited = new Promise((resolve) => {
      this.end = resolve;
    });
  }
  async stop(): Promise<ProcessExit> {
    this.end({ code: 0, signal: null });
    return await this.exited;
  }
  async kill(): Promise<ProcessExit> {
    this.end({ code: null, signal: 'SIGKILL' });
    return await this.exited;
  }
}

/** A part whose starts go as the list says. */
function createPart(starts: ('well' | 'badly')[]) {
  const processes: FakeProcess[] = [];
  const notices: string[] = [];
  const alive = new Set<number>();
  const failed: string[] = [];
  let count = 0;
  const spec: PartSpec = {
    name: 'pod',
    kind: 'webhook',
    start: (onSpawned) => {
      count += 1;
      const process = new FakeProcess(count);
      if (starts[count - 1] === 'badly') return Promise.reject(new Error(`start ${count} failed`));
      processes.push(process);
      onSpawned(process);
      return Promise.resolve(process);
    },
  };
  const part = new SupervisedPart(spec, {
    onNotice: (text) => notices.push(text),
    onSpawned: (pid) => alive.add(pid),
    onEnded: (pid) => alive.delete(pid),
    onFailed: (name) => failed.push(name),
    backOff: { minMs: 1, maxMs: 4 },
  });
  return { part, processes, notices, alive, failed, starts: () => count };
}

async function waitFor(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400 && !condition(); tries += 1) await sleep(5);
  expect(condition()).toBe(true);
}

let stop: (() => Promise<void>) | undefined;
afterEach(async () => {
  await stop?.();
  stop = undefined;
});

describe('SupervisedPart', () => {
  it('starts a part again that ended by itself, and says so', async () => {
    const { part, processes, notices } = createPart([]);
    stop = () => part.stop();
    await part.start();
    processes[0]?.end({ code: 1, signal: null });
    await waitFor(() => part.state === 'ready' && part.restarts === 1);
    expect(notices).toEqual(['pod ended with code 1; starting it again']);
    expect(part.kills).toBe(0);
  });

  it('counts a kill, runs what comes before the restart, and makes no notice of it', async () => {
    const { part, notices } = createPart([]);
    stop = () => part.stop();
    await part.start();
    const order: string[] = [];
    expect(await part.kill(() => order.push(part.state))).toBe(true);
    await waitFor(() => part.state === 'ready' && part.restarts === 1);
    expect(order).toEqual(['waiting']);
    expect([part.kills, notices]).toEqual([1, []]);
  });

  it('goes on when a restart fails, until one succeeds', async () => {
    const { part, processes, notices } = createPart(['well', 'badly', 'badly', 'well']);
    stop = () => part.stop();
    await part.start();
    processes[0]?.end({ code: 1, signal: null });
    await waitFor(() => part.state === 'ready' && part.restarts === 3);
    expect(notices).toContain('pod did not start: start 3 failed');
  });

  it('gives up after twenty failed starts in a row', async () => {
    const { part, processes, failed, starts } = createPart([
      'well',
      ...Array.from({ length: 30 }, () => 'badly' as const),
    ]);
    stop = () => part.stop();
    await part.start();
    processes[0]?.end({ code: 1, signal: null });
    await waitFor(() => part.state === 'failed');
    expect([failed, starts()]).toEqual([['pod'], 21]);
  });

  it('throws when the very first start fails', async () => {
    const { part } = createPart(['badly']);
    await expect(part.start()).rejects.toThrow('start 1 failed');
  });

  it('stays stopped, and nothing of it lives on', async () => {
    const { part, alive, starts } = createPart([]);
    await part.start();
    await part.stop();
    await part.stop();
    await sleep(10);
    expect([part.state, [...alive], starts()]).toEqual(['stopped', [], 1]);
  });
});
