import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ProcessIdentity, readProcessIdentity } from './process-identity.ts';
import { endLeftovers, RecordedChildren } from './recorded-children.ts';

let directory: string;
let file: string;
let children: ChildProcess[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fleetstream-children-'));
  file = join(directory, 'children.json');
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

function startSleeper(): { pid: number; exited: Promise<NodeJS.Signals | null> } {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  children.push(child);
  const exited = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once('exit', (_code, signal) => {
      resolve(signal);
    });
  });
  return { pid: child.pid ?? -1, exited };
}

/** As a start that is dead by now would have left it. */
function record(recorded: readonly ProcessIdentity[]): void {
  const supervisor = { pid: 2 ** 22, startedAt: '1', command: 'npm start' };
  writeFileSync(file, JSON.stringify({ supervisor, children: recorded }));
}

function identify(pid: number): ProcessIdentity {
  const identity = readProcessIdentity(pid);
  if (identity === undefined) throw new Error(`process ${pid} is not there`);
  return identity;
}

describe('endLeftovers', () => {
  it('ends what is recorded and still runs', async () => {
    const { pid, exited } = startSleeper();
    record([identify(pid)]);
    expect(await endLeftovers(file)).toHaveLength(1);
    expect(await exited).toBe('SIGTERM');
    expect(existsSync(file)).toBe(false);
  });

  it('leaves alone a process that only has the number of a recorded one', async () => {
    const { pid } = startSleeper();
    record([{ ...identify(pid), startedAt: '7' }]);
    expect(await endLeftovers(file)).toEqual([]);
    expect(readProcessIdentity(pid)).toBeDefined();
  });

  it('knows a process again that has rewritten its command line', async () => {
    const { pid } = startSleeper();
    record([{ ...identify(pid), command: 'redis-server *:0' }]);
    expect(await endLeftovers(file)).toHaveLength(1);
  });

  it('refuses while the start that recorded them runs', async () => {
    const { pid } = startSleeper();
    writeFileSync(file, JSON.stringify({ supervisor: identify(pid), children: [] }));
    await expect(endLeftovers(file)).rejects.toThrow(`process ${pid}`);
  });

  it.each([
    { name: 'no file', text: undefined },
    { name: 'a damaged file', text: '{"chil' },
  ])('does nothing with $name', async ({ text }) => {
    if (text !== undefined) writeFileSync(file, text);
    expect(await endLeftovers(file)).toEqual([]);
  });
});

describe('RecordedChildren', () => {
  it('keeps on disk who runs, and forgets who ended', () => {
    const [a, b] = [startSleeper(), startSleeper()];
    const recorded = new RecordedChildren(file, a.pid);
    recorded.add(a.pid);
    recorded.add(b.pid);
    recorded.remove(a.pid);
    const { children: kept } = JSON.parse(readFileSync(file, 'utf8')) as { children: ProcessIdentity[] };
    expect(kept.map(({ pid }) => pid)).toEqual([b.pid]);
    recorded.clear();
    expect(existsSync(file)).toBe(false);
  });
});
