import { describe, expect, it } from 'vitest';
import { listKnownMetrics } from './known-metrics.ts';

describe('listKnownMetrics', () => {
  const known = listKnownMetrics();

  it.each([
    { name: 'a counter with its labels', metric: 'fleetstream_commands_transitions_total', labels: ['status'] },
    { name: 'a gauge that is read when it is scraped', metric: 'fleetstream_commands_log_healthy', labels: [] },
    { name: 'a histogram by its buckets', metric: 'fleetstream_commands_request_seconds_bucket', labels: ['le'] },
    { name: 'a histogram not by its bare name', metric: 'fleetstream_commands_request_seconds', labels: undefined },
    { name: 'nothing that nobody makes', metric: 'fleetstream_commands_moon_total', labels: undefined },
  ])('knows $name', ({ metric, labels }) => {
    const found = known.get(metric);
    expect(found === undefined ? undefined : [...found]).toEqual(labels);
  });
});
