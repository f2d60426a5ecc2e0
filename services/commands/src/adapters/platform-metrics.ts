import { type Metrics } from '@fleetstream/telemetry';
import { type HoldReason } from '../domain/robot-roster.ts';
import { type Telling } from './platform-enrolment.ts';

/** `partial`: believed, with entries that could not be read; `empty`, `loss`: not believed. */
export type ListOutcome = 'taken' | 'partial' | 'failed' | HoldReason;

/** What the service counts of the Robot Platform and of what it tells the log of it. */
export interface PlatformMetrics {
  listed(outcome: ListOutcome): void;
  told(batch: readonly Telling[]): void;
  tellingFailed(): void;
  roster(robots: number, missing: number): void;
}

export function createPlatformMetrics(registry: Metrics): PlatformMetrics {
  const lists = registry.counter('platform_lists_total', 'Lists of the Robot Platform, by what became of them', [
    'outcome',
  ]);
  const tellings = registry.counter('robots_told_total', 'Robots that the log was told of', ['change']);
  const failures = registry.counter('robot_tellings_failed_total', 'Times the log did not take what it was told', []);
  const robots = registry.gauge('roster_robots', 'Robots that the Robot Platform lists, or did of late', []);
  const missing = registry.gauge('roster_missing_robots', 'Those of them that its last complete list lacked', []);
  return {
    listed: (outcome) => {
      lists.labels(outcome).inc();
    },
    told: (batch) => {
      for (const { kind } of batch) tellings.labels(kind).inc();
    },
    tellingFailed: () => {
      failures.inc();
    },
    roster: (count, lacking) => {
      robots.set(count);
      missing.set(lacking);
    },
  };
}
