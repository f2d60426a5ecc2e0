import { describe, expect, it } from 'vitest';
import { checkCheckpoints, type Measured } from './checkpoint-checks.ts';
import { toStall, toUploads } from './checkpoint-figures.ts';
import { parseCheckpointOptions } from './checkpoint-options.ts';

const uploads = (changedPercent: number, ratio: number) =>
  toUploads({ changedPercent, checkpoints: 12, changedBytes: 100, uploadedBytes: ratio * 100, durationMsP50: 9 });
const times = (count: number, slowest: number) =>
  Array.from({ length: count }, (_, at) => (at < count / 10 ? slowest : 1));

const folds = (count: number, slowest: number) => ({
  ...{ fold: times(count, slowest), commit: [], store: [], read: [], loop: [1000], copy: [], upload: [] },
});

function failed(one: number, ten: number, slowestMs: number, samples = 1000): number {
  const measured: Measured = {
    ours: {
      uploads: [uploads(1, one), uploads(10, ten)],
      stalls: [1, 10].map((percent) =>
        toStall(percent, [{ during: folds(samples, slowestMs), control: folds(0, 0), without: folds(9000, 10) }]),
      ),
    },
    flink: [uploads(1, 5.5), uploads(10, 2.4)],
  };
  return checkCheckpoints(measured, false).filter(({ pass }) => !pass).length;
}

describe('checkCheckpoints', () => {
  it.each([
    { name: 'as much as Flink and three times as slow passes', given: [5.5, 2.4, 30], count: 0 },
    { name: 'more than Flink at 1 %', given: [5.6, 2.4, 30], count: 1 },
    { name: 'more than Flink and more than ever at 10 %', given: [5.5, 2.6, 30], count: 2 },
    { name: 'a stall is one under either share', given: [5.5, 2.4, 31], count: 2 },
    { name: 'too few batches to tell', given: [5.5, 2.4, 30, 199], count: 2 },
  ])('$name', ({ given: [one = 0, ten = 0, slowestMs = 0, samples], count }) => {
    expect(failed(one, ten, slowestMs, samples)).toBe(count);
  });
});

describe('parseCheckpointOptions', () => {
  it.each([
    { name: 'a million robots', argv: [], options: { robots: 1_000_000, stateBytes: 300, checkpoints: 12 } },
    { name: 'a short run', argv: ['--quick'], options: { robots: 60_000, checkpoints: 4, isQuick: true } },
    { name: 'what is said goes before', argv: ['--quick', '--interval', '900'], options: { intervalMs: 900 } },
  ])('$name', ({ argv, options }) => {
    expect(parseCheckpointOptions(argv, { env: {}, root: '/repo' })).toMatchObject({ kind: 'run', options });
  });

  it.each([{ argv: ['--checkpoints', '1'] }, { argv: ['fast'] }, { argv: ['--turbo'] }])(
    'refuses $argv',
    ({ argv }) => {
      expect(parseCheckpointOptions(argv, { env: {}, root: '/repo' }).kind).toBe('wrong');
    },
  );
});
