import fc from 'fast-check';
import { Histogram, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createPlainHistogram } from './plain-histogram.ts';

const configuration = { name: 'wait_seconds', help: 'Waiting.', buckets: [0.5, 1, 2, 5] };

const toSeries = ({ values }: Awaited<ReturnType<Histogram['get']>>) =>
  values.map(({ metricName, labels, value }) => ({ metricName, labels, value }));

describe('createPlainHistogram', () => {
  it("exposes what prom-client's own does", async () => {
    const values = fc.array(
      fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0.5, 1, 2, 5)),
    );
    await fc.assert(
      fc.asyncProperty(values, async (observed) => {
        const [ours, theirs] = [new Registry(), new Registry()];
        const plain = createPlainHistogram({ ...configuration, registers: [ours] });
        const other = new Histogram({ ...configuration, registers: [theirs] });
        for (const value of observed) {
          plain.observe(value);
          other.observe(value);
        }
        expect(await ours.metrics()).toBe(await theirs.metrics());
        expect(toSeries(await plain.get())).toEqual(toSeries(await other.get()));
      }),
      { numRuns: 50 },
    );
  });

  it('begins anew when it is reset', async () => {
    const registry = new Registry();
    const plain = createPlainHistogram({ ...configuration, registers: [registry] });
    const before = await registry.metrics();
    plain.observe(3);
    registry.resetMetrics();
    expect(await registry.metrics()).toBe(before);
  });

  it.each([Number.NaN, Infinity])('refuses %s', (value) => {
    const plain = createPlainHistogram({ ...configuration, registers: [] });
    expect(() => {
      plain.observe(value);
    }).toThrow(TypeError);
  });
});
