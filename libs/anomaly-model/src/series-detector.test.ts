import { createRandom, discreteSeries, gauss, noisySeries, type Series } from '@fleetstream/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alarmBurstMax } from './alarm-budget.ts';
import { defaultRules } from './detector-rules.ts';
import { type Finding, SeriesDetector } from './series-detector.ts';

const dayMs = 86_400_000;
const startMs = 1_790_000_000_000;

interface Seen {
  readonly index: number;
  readonly finding: Finding;
}

interface Run {
  readonly count: number;
  readonly stepMs: number;
  readonly perDay?: number;
}

function observeAll(series: Series, { count, stepMs, perDay = 1 }: Run, detector = new SeriesDetector(defaultRules)) {
  const seen: Seen[] = [];
  for (let index = 0; index < count; index++) {
    const observed = detector.observe(series(index), startMs + index * stepMs, perDay / dayMs);
    if (observed.kind === 'finding') seen.push({ index, finding: observed.finding });
  }
  return seen;
}

describe('a healthy series gives as many alarms as are allowed', () => {
  // One sample in 10 s, one alarm a day: a probability of 1 in 8640. 16 series x 3 days are 48 alarms on average; the
  // bounds are what a sum of 48 independent alarms stays within, 4.5 standard deviations, and a fifth more for the
  // first day, while the tail is still guessed.
  const run = { count: (3 * dayMs) / 10_000, stepMs: 10_000 };
  const expected = 48;
  it.each(Object.entries(noisySeries))('%s', (_name, make) => {
    let alarms = 0;
    for (let seed = 1; seed <= 16; seed++) alarms += observeAll(make(createRandom(seed)), run).length;
    expect(alarms).toBeGreaterThan(expected - 4.5 * Math.sqrt(expected));
    expect(alarms).toBeLessThan(1.2 * expected + 4.5 * Math.sqrt(expected));
  });
});

describe('a discrete series gives none', () => {
  it.each(Object.entries(discreteSeries))('%s', (_name, make) => {
    for (let seed = 1; seed <= 4; seed++) {
      expect(observeAll(make(createRandom(seed)), { count: 30_000, stepMs: 10_000 })).toEqual([]);
    }
  });
});

describe('what is planted is found', () => {
  const quiet = { stepMs: 1000, perDay: 1 };
  const noise = createRandom(5);
  const level = () => 20 + gauss(noise);

  it('a single spike, once', () => {
    const seen = observeAll((index) => (index === 3000 ? 32 : level()), { count: 4000, ...quiet });
    expect(seen).toMatchObject([{ index: 3000, finding: { kind: 'outlier', value: 32 } }]);
  });

  it('the same spike again, a little later', () => {
    const spiking = (index: number) => ([3000, 3300, 3600].includes(index) ? 32 : level());
    expect(observeAll(spiking, { count: 4000, ...quiet }).map(({ index }) => index)).toEqual([3000, 3300, 3600]);
  });

  it('a dip as well as a peak', () => {
    const seen = observeAll((index) => (index === 3000 ? 8 : level()), { count: 4000, ...quiet });
    expect(seen).toMatchObject([{ index: 3000, finding: { kind: 'outlier', value: 8 } }]);
  });

  it('a level shift, once; the new level is then normal and a spike on it is found again', () => {
    const shifted = (index: number) => level() + (index >= 3000 ? 15 : 0) + (index === 6000 ? 15 : 0);
    const seen = observeAll(shifted, { count: 7000, ...quiet });
    expect(seen.map(({ index }) => index)).toEqual([3000, 6000]);
  });

  it('a jump of a slowly moving battery that is far within its range', () => {
    let percent = 90;
    const jumping = (index: number) => (percent -= index === 3000 ? 6 : 0.005 + 0.001 * gauss(noise));
    expect(observeAll(jumping, { count: 4000, ...quiet })).toMatchObject([{ index: 3000 }]);
  });

  it('a sensor that repeats its last value, once, and its recovery is no alarm', () => {
    let last = 0;
    const hanging = (index: number) => (index >= 3000 && index < 5000 ? last : (last = level()));
    const seen = observeAll(hanging, { count: 6000, ...quiet });
    expect(seen).toMatchObject([{ finding: { kind: 'stuck' } }]);
    expect(seen[0]?.index).toBeGreaterThanOrEqual(3030);
    expect(seen[0]?.index).toBeLessThan(3100);
  });

  it('a spike although there was one while it warmed up', () => {
    const spiking = (index: number) => ([200, 1000].includes(index) ? 99 : level());
    expect(observeAll(spiking, { count: 1200, ...quiet }).map(({ index }) => index)).toEqual([1000]);
  });

  it('not while it warms up', () => {
    expect(observeAll((index) => (index === 200 ? 99 : level()), { count: 300, ...quiet })).toEqual([]);
  });

  it('not what was to be expected after a long silence', () => {
    const detector = new SeriesDetector(defaultRules);
    observeAll(level, { count: 3000, ...quiet }, detector);
    const later = startMs + 3000 * 1000 + 2 * defaultRules.gapMs;
    for (let index = 0; index < 500; index++) {
      expect(detector.observe(40 + gauss(noise), later + index * 1000, 1 / dayMs).kind).not.toBe('finding');
    }
  });
});

describe('laws', () => {
  const anything = fc.array(
    fc.oneof(fc.double({ min: -1e15, max: 1e15, noNaN: true }), fc.constantFrom(0, 1, -1, 1e-300), fc.integer()),
    { minLength: 1, maxLength: 40 },
  );
  const rules = { ...defaultRules, warmUpSamples: 50, peaksMin: 4 };

  it('alarms never exceed the budget, whatever the data do', () => {
    fc.assert(
      fc.property(anything, fc.integer({ min: 0, max: 7_200_000 }), fc.nat(), (values, stepMs, seed) => {
        const random = createRandom(seed);
        const series = () => values[Math.floor(random() * values.length)] ?? 0;
        const count = 2000;
        const seen = observeAll(series, { count, stepMs }, new SeriesDetector(rules));
        expect(seen.length).toBeLessThanOrEqual((count * stepMs) / dayMs + alarmBurstMax);
      }),
      { numRuns: 60 },
    );
  });

  it('the same samples give the same findings, and findings are finite', () => {
    fc.assert(
      fc.property(anything, fc.nat(), (values, seed) => {
        const runOnce = () => {
          const random = createRandom(seed);
          const series = (index: number) => (values[index % values.length] ?? 0) + (index % 7) * gauss(random);
          return observeAll(series, { count: 1000, stepMs: 60_000 }, new SeriesDetector(rules));
        };
        const seen = runOnce();
        expect(runOnce()).toEqual(seen);
        for (const { finding } of seen) {
          const { expected, score, threshold, excess } = finding;
          expect([expected, score, threshold, excess].every(Number.isFinite)).toBe(true);
          expect(score).toBeGreaterThanOrEqual(threshold);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('units do not matter: a series in other units gives alarms at the same places', () => {
    const places = (unit: number) => {
      const random = createRandom(11);
      return observeAll(() => gauss(random) * unit, { count: 60_000, stepMs: 10_000, perDay: 5 }).map(
        ({ index }) => index,
      );
    };
    expect(places(1).length).toBeGreaterThan(5);
    expect(places(2 ** 20)).toEqual(places(1));
    expect(places(2 ** -20)).toEqual(places(1));
  });
});
