import { describe, expect, it } from 'vitest';
import { readDeclarations } from './read-service-metrics.ts';

const declare = (calls: string) => readDeclarations(`const registry = createMetrics('webhook');\n${calls}`);

describe('readDeclarations', () => {
  it.each([
    {
      name: 'a counter with labels on lines of their own',
      calls: "registry.counter('events_total', 'Events.', [\n  'result',\n  'reason',\n]);",
      metrics: { fleetstream_webhook_events_total: ['result', 'reason'] },
    },
    {
      name: "labels are a call's own, not those of the next",
      calls: "r.gauge('a', 'A');\nr.gauge('b', 'B', ['state'], () => {\n  b.labels('x').set(1);\n});",
      metrics: { fleetstream_webhook_a: [], fleetstream_webhook_b: ['state'] },
    },
    {
      name: 'a histogram is three series',
      calls: "r.histogram('s', 'S', buckets, ['outcome']);",
      metrics: {
        fleetstream_webhook_s_bucket: ['outcome', 'le'],
        fleetstream_webhook_s_sum: ['outcome', 'le'],
        fleetstream_webhook_s_count: ['outcome', 'le'],
      },
    },
  ])('$name', ({ calls, metrics }) => {
    const found = Object.fromEntries([...declare(calls)].map(([key, labels]) => [key, [...labels]]));
    expect(found).toEqual(metrics);
  });
});
