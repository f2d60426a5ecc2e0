import { describe, expect, it } from 'vitest';
import { type LiveSnapshot } from '../figures/live-snapshot.ts';
import { renderLine, renderTable } from './render-live.ts';

const nothingYet: LiveSnapshot = {
  elapsedMs: 900,
  eventsPerSecond: undefined,
  accepted: undefined,
  ackMsP50: undefined,
  ackMsP99: undefined,
  lag: undefined,
  robots: undefined,
  robotsByStatus: new Map(),
  openAlerts: undefined,
  checkpointAgeMs: undefined,
  parts: [{ name: 'kafka', state: 'ready', restarts: 0, kills: 0 }],
};

const running: LiveSnapshot = {
  elapsedMs: 61_500,
  eventsPerSecond: 1234.4,
  accepted: 75_000,
  ackMsP50: 4.21,
  ackMsP99: 31.4,
  lag: 12,
  robots: 50,
  robotsByStatus: new Map([
    ['online', 48],
    ['offline', 2],
  ]),
  openAlerts: 2,
  checkpointAgeMs: 4400,
  parts: [
    { name: 'kafka', state: 'ready', restarts: 0, kills: 0 },
    { name: 'webhook-1', state: 'waiting', restarts: 1, kills: 2 },
  ],
};

describe('renderLine', () => {
  it.each([
    {
      name: 'what is not known is a dash',
      snapshot: nothingYet,
      line: '0 s | – events/s | accepted – | answered p50 – p99 – | lag – | robots – | alerts – | checkpoint none yet',
    },
    {
      name: 'parts in trouble are named',
      snapshot: running,
      line: '1 min 1 s | 1,234 events/s | accepted 75,000 | answered p50 4.2 ms p99 31 ms | lag 12 | robots 50 online 48, offline 2 | alerts 2 | checkpoint 4 s ago | webhook-1 (waiting, restarts 1, killed 2)',
    },
  ])('$name', ({ snapshot, line }) => {
    expect(renderLine(snapshot)).toBe(line);
  });
});

describe('renderTable', () => {
  it('keeps its values in one column', () => {
    const columns = renderTable(running).map((line) => /^ {2}\S.*? {2,}/.exec(line)?.[0].length);
    expect(new Set(columns).size).toBe(1);
  });
});
