import { silentLog } from '@fleetstream/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import { OpeningProgress } from './opening-progress.ts';

let nowMs = 0;
let told: object[] = [];
let progress: OpeningProgress;

beforeEach(() => {
  nowMs = 1000;
  told = [];
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  progress = new OpeningProgress(3, clock, { ...silentLog, info: (fields) => told.push(fields) });
});

describe('OpeningProgress', () => {
  it('says nothing while there is nothing to wait for', () => {
    expect([progress.restore, progress.refold]).toEqual([undefined, undefined]);
    progress.beginRefold(70, 70);
    expect(progress.refold).toBeUndefined();
  });

  it('tells how far a refold is, at what pace, and when it will end', () => {
    progress.beginRefold(100, 1100);
    expect(progress.refold).toMatchObject({ at: 100, recordsPerSecond: 0, etaSeconds: null });
    nowMs += 2000;
    progress.noteFolded(500);
    expect(progress.refold).toEqual({ fromOffset: 100, toOffset: 1100, at: 500, recordsPerSecond: 200, etaSeconds: 3 });
    progress.noteFolded(1100);
    expect(progress.refold).toBeUndefined();
    expect(told).toEqual([expect.objectContaining({ partition: 3, at: 1100, etaSeconds: 0 })]);
  });

  it('tells how far a restore is, anew for each checkpoint that is tried, until the state is open', () => {
    progress.noteRestore({ restoredBytes: 0, totalBytes: 4000 });
    nowMs += 1000;
    progress.noteRestore({ restoredBytes: 3000, totalBytes: 4000 });
    expect(progress.restore).toEqual({ restoredBytes: 3000, totalBytes: 4000, bytesPerSecond: 3000, etaSeconds: 1 });
    progress.noteRestore({ restoredBytes: 0, totalBytes: 900 });
    expect(progress.restore).toMatchObject({ restoredBytes: 0, totalBytes: 900, etaSeconds: null });
    progress.beginRefold(0, 10);
    expect(progress.restore).toBeUndefined();
  });

  it('says it in the log every few seconds, not with each batch', () => {
    progress.beginRefold(0, 1_000_000);
    for (let at = 1; at <= 70; at += 1) {
      nowMs += 100;
      progress.noteFolded(at * 1000);
    }
    expect(told).toHaveLength(2);
  });
});
