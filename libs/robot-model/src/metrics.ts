import { type RobotTelemetryData } from '@fleetstream/contracts';

export interface Metric {
  /** Of the newest event; `min`, `max` and `count` hold late ones too. */
  readonly last: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
  readonly unit?: string | undefined;
  /** Log time of `last`. */
  readonly lastMs: number;
}

export interface Metrics {
  /** Names in code-unit order, so that equal metrics have equal texts whatever came first. */
  readonly byName: Readonly<Record<string, Metric>>;
  /** Values that were not kept because their name was one too many. */
  readonly overflow: number;
}

export const noMetrics: Metrics = { byName: {}, overflow: 0 };

export interface MetricsInput {
  readonly metrics: RobotTelemetryData['metrics'];
  readonly nowMs: number;
  readonly late: boolean;
}

/** Folds one event's numbers. First come, first kept: past `namesMax` names, values of new names are only counted. */
export function stepMetrics(before: Metrics, input: MetricsInput, namesMax: number): Metrics {
  const byName: Record<string, Metric> = { ...before.byName };
  let { overflow } = before;
  let room: number | undefined;
  let added = false;
  for (const [name, { value, unit }] of Object.entries(input.metrics)) {
    // A name such as `constructor` must not find what every object inherits.
    const known = Object.hasOwn(byName, name) ? byName[name] : undefined;
    if (known === undefined) {
      room ??= namesMax - Object.keys(before.byName).length;
      room -= 1;
      if (room < 0) overflow += 1;
      else {
        byName[name] = toMetric(value, value, value, 1, unit, input.nowMs);
        added = true;
      }
      continue;
    }
    const min = value < known.min ? value : known.min;
    const max = value > known.max ? value : known.max;
    byName[name] = input.late
      ? toMetric(known.last, min, max, known.count + 1, known.unit, known.lastMs)
      : toMetric(value, min, max, known.count + 1, unit ?? known.unit, input.nowMs);
  }
  return { byName: added ? sortByName(byName) : byName, overflow };
}

function toMetric(
  last: number,
  min: number,
  max: number,
  count: number,
  unit: string | undefined,
  lastMs: number,
): Metric {
  return unit === undefined ? { last, min, max, count, lastMs } : { last, min, max, count, unit, lastMs };
}

function sortByName(byName: Readonly<Record<string, Metric>>): Record<string, Metric> {
  const sorted: Record<string, Metric> = {};
  // The default order is by code units: the same on every machine, unlike a locale's.
  for (const name of Object.keys(byName).sort()) {
    const metric = byName[name];
    if (metric !== undefined) sorted[name] = metric;
  }
  return sorted;
}
