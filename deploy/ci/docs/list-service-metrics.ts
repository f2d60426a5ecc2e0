import { type MetricDescription } from '@fleetstream/telemetry';
import { createInsightsMetrics } from '../../../services/insights/src/metrics.ts';
import { createProcessorMetrics } from '../../../services/processor/src/metrics.ts';
import { createWebhookMetrics } from '../../../services/webhook/src/metrics.ts';

/** The metrics of each service, made as the service makes them. */
export function listServiceMetrics(): Map<string, readonly MetricDescription[]> {
  const webhook = createWebhookMetrics();
  webhook.observe({
    bytesInFlight: () => 0,
    logHealthy: () => true,
    logWaitingBytes: () => 0,
    breakerState: () => 'closed',
  });
  const processor = createProcessorMetrics();
  processor.watch(
    () => [],
    () => 0,
  );
  const insights = createInsightsMetrics({ partitions: () => [], breakers: () => [] });
  return new Map([
    ['insights', insights.registry.describe()],
    ['processor', processor.registry.describe()],
    ['webhook', webhook.registry.describe()],
  ]);
}
