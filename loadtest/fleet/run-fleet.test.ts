import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '@fleetstream/kernel';
import { describe, expect, it } from 'vitest';
import { type FleetOptions, parseFleetOptions } from './fleet-options.ts';
import { type FleetLine } from './fleet-report.ts';
import { type Gateway } from './gateway.ts';
import { type JournalEntry } from './journal-entry.ts';
import { runFleet } from './run-fleet.ts';
import { createSimulatorSource } from './simulator/simulator-source.ts';
import { createScriptedGateway, lost } from './testing-gateway.ts';

function parseOptions(): FleetOptions {
  const args = [
    '--gateway',
    'http://unused',
    '--platform',
    'none',
    '--robots',
    '20',
    '--rate',
    '400',
    '--source',
    'simulator',
  ];
  const options = parseFleetOptions(args, 'run1');
  return options === 'help' ? expect.unreachable() : options;
}

async function run(gateway: Gateway, stop: { readonly afterMs: number; readonly giveUpAfterMs?: number }) {
  const options = parseOptions();
  const lines: FleetLine[] = [];
  const journal: JournalEntry[] = [];
  const shutdown = new AbortController();
  const giveUp = new AbortController();
  const running = runFleet({
    options,
    source: createSimulatorSource({ ...options, startMs: systemClock.nowMs() }),
    masterKey: Buffer.alloc(32, 1),
    gateway,
    journal: { write: (entry) => journal.push(entry), close: () => Promise.resolve() },
    clock: systemClock,
    print: (line) => lines.push(line),
    cpuSeconds: () => 0,
    shutdown: shutdown.signal,
    giveUp: giveUp.signal,
  });
  await wait(stop.afterMs);
  shutdown.abort();
  if (stop.giveUpAfterMs !== undefined) {
    await wait(stop.giveUpAfterMs);
    giveUp.abort();
  }
  return { report: await running, lines, journal };
}

describe('runFleet', () => {
  it('plays until it is stopped, delivers what waits and accounts for every event', async () => {
    const { report, lines, journal } = await run(createScriptedGateway(Buffer.alloc(32)), { afterMs: 1200 });
    expect(lines.map(({ kind }) => kind)).toEqual(['registered', 'progress', 'done']);
    expect(report.created).toBeGreaterThan(300);
    expect(report).toMatchObject({
      robots: 20,
      source: 'simulator',
      run: 'run1',
      accepted: report.created,
      unacked: 0,
    });
    expect(journal).toHaveLength(report.created);
  });

  it('says what was never answered when it is told to give up', async () => {
    const gateway: Gateway = { post: () => Promise.resolve(lost), close: () => Promise.resolve() };
    const { report, journal } = await run(gateway, { afterMs: 300, giveUpAfterMs: 100 });
    expect(report.created).toBeGreaterThan(50);
    expect(report).toMatchObject({ accepted: 0, unacked: report.created });
    expect(journal.filter(({ result }) => result === 'unacked')).toHaveLength(report.created);
  });
});
