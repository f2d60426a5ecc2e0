import { describe, expect, it } from 'vitest';
import { checkRuns, compareWithPeers, eventsForLimits, limited, type Runs } from './bench-checks.ts';
import { type RunFigures } from './run-ours.ts';

const known = { outputs: 10, hash: 5 };

function run(cpuMicrosPerEvent: number, eventsPerSecond: number, hash = known.hash): RunFigures {
  return {
    ...{ outputs: 10, hash, duplicates: 0, cpuMicrosPerEvent, eventsPerSecond, peakRssMb: 1 },
    ...{ steadyCpuMicrosPerEvent: undefined, brokerCpuSeconds: 1, more: {} },
  };
}

const runs = (cpu: number, speed: number, hash?: number): Runs =>
  new Map([
    [limited.one, [run(cpu, speed)]],
    [limited.two, [run(cpu, speed), run(cpu, speed, hash), run(99, 1)]],
    ['flink', [run(cpu * 2, speed / 4)]],
  ]);

describe('checkRuns', () => {
  it.each([
    { name: 'passes at the limits, by the median', given: runs(7, 200_000), failed: [] },
    { name: 'fails on cost', given: runs(7.1, 200_000), failed: ['CPU', 'CPU'] },
    { name: 'fails on speed', given: runs(7, 199_999), failed: ['events'] },
    { name: 'fails on a single wrong run', given: runs(1, 300_000, 6), failed: ['outputs'] },
  ])('$name', ({ given, failed }) => {
    const names = checkRuns(given, known, eventsForLimits)
      .filter(({ pass }) => !pass)
      .map(({ name }) => name);
    expect(names.map((name) => /CPU|events per|outputs/.exec(name)?.[0].replace(' per', ''))).toEqual(failed);
  });

  it('holds a short run to its outputs alone', () => {
    expect(checkRuns(runs(50, 1), known, 200_000).every(({ pass }) => pass)).toBe(true);
  });
});

describe('compareWithPeers', () => {
  it("says how often ours goes into a peer's cost, and a peer's speed into ours", () => {
    expect(compareWithPeers(runs(5, 200_000))).toEqual([{ peer: 'flink', cpuRatio: 2, speedRatio: 4 }]);
  });
});
