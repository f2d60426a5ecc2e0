import { type MetricDescription } from '@fleetstream/telemetry';
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
  return new Map([['webhook', webhook.registry.describe()]]);
}
