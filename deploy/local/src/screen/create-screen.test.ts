import { describe, expect, it } from 'vitest';
import { type LiveSnapshot } from '../figures/live-snapshot.ts';
import { createScreen } from './create-screen.ts';

const snapshotAt = (elapsedMs: number): LiveSnapshot => ({
  elapsedMs,
  eventsPerSecond: 1,
  accepted: 1,
  ackMsP50: 1,
  ackMsP99: 1,
  lag: 0,
  robots: 1,
  robotsByStatus: new Map(),
  openAlerts: 0,
  checkpointAgeMs: undefined,
  parts: [],
});

describe('createScreen', () => {
  it('writes a line every five seconds where nobody watches', () => {
    const written: string[] = [];
    const screen = createScreen({ write: (text) => written.push(text) });
    for (let second = 0; second <= 10; second += 1) screen.show(snapshotAt(second * 1000));
    expect(written.map((line) => line.split(' |')[0])).toEqual(['0 s', '5 s', '10 s']);
  });

  it('redraws its table in place on a terminal, and keeps it below what is said', () => {
    const written: string[] = [];
    const screen = createScreen({ write: (text) => written.push(text), isTTY: true, columns: 100 });
    screen.show(snapshotAt(1000));
    screen.show(snapshotAt(2000));
    screen.say('a word');
    const height = written[0]?.trimEnd().split('\n').length;
    expect(written[1]?.startsWith(`\u001b[${height}A\u001b[0J`)).toBe(true);
    expect(written[2]?.startsWith(`\u001b[${height}A\u001b[0Ja word\n`)).toBe(true);
    expect(written[2]).toContain('2 s');
  });
});
