import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMetrics, type Metrics } from './metrics.ts';

let metrics: Metrics;
beforeEach(() => {
  metrics = createMetrics('webhook');
});
afterEach(() => {
  metrics.stop();
});

describe('createMetrics', () => {
  it('exposes what was counted under the names of the service', async () => {
    metrics.counter('events_total', 'Events.', ['result']).labels('accepted').inc(3);
    metrics.histogram('wait_seconds', 'Waiting.', [1, 2]).observe(1.5);
    const { contentType, body } = await metrics.expose();
    expect(contentType).toContain('text/plain');
    expect(body).toContain('# HELP fleetstream_webhook_events_total Events.');
    expect(body).toContain('fleetstream_webhook_events_total{result="accepted"} 3');
    expect(body).toContain('fleetstream_webhook_wait_seconds_bucket{le="2"} 1');
  });

  it('asks a gauge for its value when it is scraped', async () => {
    let value = 1;
    const gauge = metrics.gauge('queue_bytes', 'Queued.', [], () => {
      gauge.set(value);
    });
    value = 7;
    expect((await metrics.expose()).body).toContain('fleetstream_webhook_queue_bytes 7');
  });

  it('describes what was made, labels included', () => {
    metrics.counter('events_total', 'Events.', ['result']);
    metrics.gauge('queue_bytes', 'Queued.');
    expect(metrics.describe()).toEqual([
      { name: 'fleetstream_webhook_events_total', type: 'counter', help: 'Events.', labels: ['result'] },
      { name: 'fleetstream_webhook_queue_bytes', type: 'gauge', help: 'Queued.', labels: [] },
    ]);
  });

  it('keeps two processes apart', async () => {
    const other = createMetrics('processor');
    metrics.counter('events_total', 'Events.').inc();
    expect((await other.expose()).body).not.toContain('events_total');
    other.stop();
  });
});
