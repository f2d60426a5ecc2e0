import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { toAdapterQuery } from './adapter-query.ts';

const rulesFile = fileURLToPath(new URL('../../deploy/prometheus/adapter-rules.yaml', import.meta.url));

it('asks for the pods that the autoscaler names, one value for each', () => {
  expect(toAdapterQuery(rulesFile, 'fleetstream_webhook_events_per_second', 'fleetstream', ['a', 'b'])).toBe(
    'sum by (pod) (rate(fleetstream_webhook_events_total{namespace="fleetstream",pod=~"a|b"}[30s]))',
  );
});

it('refuses a metric that no rule makes', () => {
  expect(() => toAdapterQuery(rulesFile, 'requests', 'fleetstream', ['a'])).toThrow('no rule that makes requests');
});
