import { describe, expect, it } from 'vitest';
import { fitRate } from './fit-rate.ts';
import { type Track } from './track.ts';

function track(perSecond: number, thinnable: boolean): Track {
  return {
    robotId: 'r',
    model: thinnable ? `samples-${perSecond}` : 'messages',
    site: 's',
    length: perSecond * 10,
    durationMs: 10_000,
    thinnable,
    atMs: (index) => (index * 1000) / perSecond,
    event: () => ({ type: 'robot.state.v1', dataText: '{}' }),
  };
}

const messages = (count: number, perSecond: number) => Array.from({ length: count }, () => track(perSecond, false));
const samples = (count: number, perSecond: number) => Array.from({ length: count }, () => track(perSecond, true));

describe('fitRate', () => {
  it.each([
    {
      name: 'what fits is left alone',
      tracks: [...messages(2, 5), ...samples(1, 10)],
      rate: 20,
      slow: 1,
      strides: [1],
    },
    { name: 'no rate is no limit', tracks: samples(10, 100), rate: 0, slow: 1, strides: [1] },
    {
      name: 'samples are thinned, messages are not',
      tracks: [...messages(2, 5), ...samples(1, 100)],
      rate: 20,
      slow: 1,
      strides: [1, 10],
    },
    {
      name: 'the densest samples are thinned first',
      tracks: [...samples(1, 100), ...samples(1, 1)],
      rate: 11,
      slow: 1,
      strides: [10, 1],
    },
    { name: 'too many messages are slowed down', tracks: messages(10, 10), rate: 50, slow: 2, strides: [1] },
    {
      name: 'slowed messages leave a quarter for samples',
      tracks: [...messages(10, 30), ...samples(1, 200)],
      rate: 100,
      slow: 4,
      strides: [1, 2],
    },
  ])('$name', ({ tracks, rate, slow, strides }) => {
    const fit = fitRate(tracks, rate, 1);
    expect(fit.slowDown).toBeCloseTo(slow);
    expect([...new Set(tracks.map((one) => fit.stride(one)))].sort()).toEqual([...strides].sort());
    const total = tracks.map((one) => one.length / 10 / fit.slowDown / fit.stride(one)).reduce((sum, one) => sum + one);
    if (rate > 0) expect(total).toBeLessThanOrEqual(rate + 1e-6);
  });

  it('counts speed', () => {
    expect(fitRate(messages(1, 10), 50, 10).slowDown).toBeCloseTo(2);
    expect(fitRate(samples(1, 10), 50, 10).text).toBe('samples-10: one sample in 2');
  });
});
