import { readMetric } from '../../faults/read-metric.ts';
import { type EventClass, eventClasses } from './overload-plan.ts';

/** What pods say of themselves, all of them together. */
export interface PodCounters {
  /** Of pressure; the worst pod's. */
  readonly level: number;
  /** Events acknowledged by the log. */
  readonly accepted: number;
  /** Requests turned away as a whole. */
  readonly problems: number;
  /** Events turned away to keep others going. */
  readonly shed: Readonly<Record<EventClass, number>>;
}

/** Reads the metrics of every pod. */
export function readPodCounters(expositions: readonly string[]): PodCounters {
  const values = (name: string, label = '') =>
    expositions.map((text) =>
      readMetric(
        text
          .split('\n')
          .filter((line) => line.includes(label))
          .join('\n'),
        `fleetstream_webhook_${name}`,
      ),
    );
  const sum = (name: string, label?: string) => values(name, label).reduce((total, one) => total + one, 0);
  return {
    level: Math.max(...values('pressure_level')),
    accepted: sum('events_total', 'result="accepted"'),
    problems: sum('problems_total'),
    shed: Object.fromEntries(eventClasses.map((one) => [one, sum('shed_events_total', `rank="${one}"`)])) as Record<
      EventClass,
      number
    >,
  };
}
