import { type MetricDescription } from '@fleetstream/telemetry';
import { createCommandsMetrics } from '../../../services/commands/src/metrics.ts';
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
    pressureLevel: () => 0,
    loopLagMs: () => 0,
    reportEveryMs: () => 0,
    floodingRobots: () => 0,
    keysAgeMs: () => 0,
  });
  const processor = createProcessorMetrics();
  processor.watch(
    () => [],
    () => 0,
  );
  processor.watchHotKeys({ hottest: () => [], partitions: () => [] });
  const insights = createInsightsMetrics({ partitions: () => [], breakers: () => [] });
  const commands = createCommandsMetrics();
  commands.observe({
    open: () => 0,
    remembered: () => 0,
    forgottenOpen: () => 0,
    pollsWaiting: () => 0,
    lagRecords: () => 0,
    openRollouts: () => 0,
    rolloutLagRecords: () => 0,
    logHealthy: () => true,
    robotListAgeMs: () => undefined,
    breakers: () => [],
  });
  return new Map([
    ['commands', commands.registry.describe()],
    ['insights', insights.registry.describe()],
    ['processor', processor.registry.describe()],
    ['webhook', webhook.registry.describe()],
  ]);
}
