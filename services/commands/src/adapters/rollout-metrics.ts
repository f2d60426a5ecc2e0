import { type Metrics } from '@fleetstream/telemetry';
import { type RolloutWork } from '../domain/rollout-driver.ts';

export interface RolloutMetrics {
  created(): void;
  worked(kind: RolloutWork['kind']): void;
  failed(): void;
  undecodable(): void;
}

export function createRolloutMetrics(registry: Metrics): RolloutMetrics {
  const created = registry.counter('rollouts_created_total', 'Rollouts that were created here');
  const steps = registry.counter('rollout_steps_total', 'What this instance appended for rollouts, by kind', ['kind']);
  const failures = registry.counter('rollout_failures_total', 'Steps of rollouts that the log did not take');
  const undecodable = registry.counter(
    'rollout_undecodable_total',
    'Records of fleet.rollouts, fleet.alerts or fleet.states that are none',
  );
  return {
    created: () => {
      created.inc();
    },
    worked: (kind) => {
      steps.labels(kind).inc();
    },
    failed: () => {
      failures.inc();
    },
    undecodable: () => {
      undecodable.inc();
    },
  };
}
