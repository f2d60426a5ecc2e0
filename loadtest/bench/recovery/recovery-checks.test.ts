import { describe, expect, it } from 'vitest';
import { ourSeries, type OurRecovery } from './recover-ours.ts';
import { checkRecoveries } from './recovery-checks.ts';
import { type EngineRecovery } from './recovery-figures.ts';

const round = (allMs: number, wrongRungs = 0) => ({ firstMs: allMs, allMs, told: {}, wrongRungs });
const peer = (allMs: number): EngineRecovery => ({
  rounds: { 'local state lost': [round(allMs)] },
  ...{ outputs: 9, lost: 3, wrong: 4 },
});

interface Given {
  readonly intactMs?: number;
  readonly lostMs?: number;
  readonly standbyMs?: number;
  readonly more?: Partial<OurRecovery>;
}

function failed({ intactMs = 2000, lostMs = 6000, standbyMs = 3000, more = {} }: Given, isQuick = false): string[] {
  const ours: OurRecovery = {
    rounds: {
      [ourSeries.intact]: [round(1), round(intactMs), round(99_999)],
      [ourSeries.lost]: [round(lostMs)],
      [ourSeries.standby]: [round(standbyMs)],
    },
    ...{ outputs: 9, lost: 0, wrong: 0, restoredBytes: 2 ** 30, ...more },
  };
  return checkRecoveries({ ours, peers: { flink: peer(6000), 'kafka-streams': peer(9000) } }, isQuick)
    .filter(({ pass }) => !pass)
    .map(({ name }) => name);
}

describe('checkRecoveries', () => {
  it.each([
    { name: 'at every limit it passes, by the median', given: {}, count: 0 },
    { name: 'slow with its state at hand', given: { intactMs: 2001 }, count: 1 },
    { name: 'slow with a standby', given: { standbyMs: 3001 }, count: 1 },
    { name: 'slower than one peer', given: { lostMs: 6010 }, count: 2 },
    { name: 'slower than both peers', given: { lostMs: 9010 }, count: 4 },
    { name: 'an output lost, another one twice', given: { more: { lost: 1, wrong: 1 } }, count: 2 },
    { name: 'less state than the limits are about', given: { more: { restoredBytes: 2 ** 29 } }, count: 1 },
  ])('$name', ({ given, count }) => {
    expect(failed(given)).toHaveLength(count);
  });

  it('counts the last partition beside the peers, and the first one at the limits in seconds', () => {
    const late = { firstMs: 100, allMs: 7000, told: {}, wrongRungs: 0 };
    const rounds = { [ourSeries.intact]: [late], [ourSeries.lost]: [late], [ourSeries.standby]: [late] };
    expect(failed({ more: { rounds } })).toEqual([expect.stringContaining('every partition over that of flink')]);
  });

  it('holds a quick run to what came out alone', () => {
    expect(failed({ intactMs: 1e6, lostMs: 1e6, standbyMs: 1e6, more: { restoredBytes: 1 } }, true)).toEqual([]);
    expect(failed({ more: { lost: 1 } }, true)).toHaveLength(1);
  });
});
