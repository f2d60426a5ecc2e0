import { createRandom } from '@fleetstream/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitTail } from './tail-fit.ts';

const random = createRandom(1);
const sorted = (make: (u: number) => number, count = 400) =>
  Array.from({ length: count }, () => make(1 - random())).sort((a, b) => a - b);

describe('a tail that is known is found again', () => {
  it.each([
    { name: 'exponential', sample: sorted((u) => -Math.log(u)), truth: (p: number) => -Math.log(p) },
    { name: 'uniform', sample: sorted((u) => u), truth: (p: number) => 1 - p },
    {
      name: 'Pareto, xi 0.33',
      sample: sorted((u) => 3 * (u ** -0.33 - 1)),
      truth: (p: number) => 3 * (p ** -0.33 - 1),
    },
  ])('$name', ({ sample, truth }) => {
    const fit = fitTail(sample);
    for (const probability of [0.5, 0.1, 0.01]) {
      expect(fit.quantile(probability) / truth(probability)).toBeGreaterThan(0.75);
      expect(fit.quantile(probability) / truth(probability)).toBeLessThan(1.35);
    }
  });
});

const samples = fc.array(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), { minLength: 4, maxLength: 200 });

describe('whatever the excesses', () => {
  it('exceedance is a probability and never rises', () => {
    fc.assert(
      fc.property(samples, (unsorted) => {
        const excesses = [...unsorted].sort((a, b) => a - b);
        const fit = fitTail(excesses);
        let before = 1;
        for (const factor of [0, 1e-3, 0.1, 1, 2, 10, 1e3]) {
          const probability = fit.exceedance(factor * (excesses.at(-1) ?? 1));
          expect(probability).toBeGreaterThanOrEqual(0);
          expect(probability).toBeLessThanOrEqual(before + 1e-12);
          before = probability;
        }
      }),
    );
  });

  it('a quantile is exceeded with at most its probability', () => {
    fc.assert(
      fc.property(samples, fc.double({ min: 1e-6, max: 0.9, noNaN: true }), (unsorted, probability) => {
        const fit = fitTail([...unsorted].sort((a, b) => a - b));
        const quantile = fit.quantile(probability);
        expect(Number.isFinite(quantile)).toBe(true);
        expect(fit.exceedance(quantile)).toBeLessThanOrEqual(probability * (1 + 1e-9));
      }),
    );
  });
});
