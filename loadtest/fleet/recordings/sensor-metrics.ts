/** A number with its unit, as `robot.telemetry.v1` holds it. */
export interface Metric {
  readonly value: number;
  readonly unit?: string;
}

/** Units of the fields that the factory's sensors, its controller and its TXT computer send. */
const units: Readonly<Record<string, string>> = {
  temperature: 'degC',
  humidity: '%',
  rawValue: 'count',
  gasLevel: 'level',
  magnitude: 'count',
  impulseCount: 'count',
  t: 'degC',
  h: '%',
  p: 'hPa',
  br: '%',
  ldr: 'count',
};

const metricName = /^[A-Za-z][\w.:/-]{0,63}$/;

/** The numbers and booleans (as 0 and 1) of a message's first level; what holds neither gives none. */
export function toMetrics(payload: unknown): Record<string, Metric> {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return {};
  const metrics: Record<string, Metric> = {};
  for (const [name, value] of Object.entries(payload)) {
    if (!metricName.test(name) || (typeof value !== 'number' && typeof value !== 'boolean')) continue;
    const unit = units[name];
    metrics[name] = unit === undefined ? { value: Number(value) } : { value: Number(value), unit };
  }
  return metrics;
}
