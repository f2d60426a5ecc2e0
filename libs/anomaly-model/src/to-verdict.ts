import { type InsightData, type InsightSeverity, topics } from '@fleetstream/contracts';
import { type AnomalyModel, type RobotRecord, type SeriesFinding } from './anomaly-model.ts';

/** A record of `fleet.insights`; its partition is that of the evidence. */
export interface Verdict {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
  readonly severity: InsightSeverity;
  readonly offset: number;
}

const source = '/fleet/insights';
const significantDigits = 6;

/**
 * What a model found, as the event that says so. Its id derives from the evidence, so that a consumer can prove a
 * repetition, and the text is the same whoever makes it from the same records.
 */
export function toVerdict(
  model: Pick<AnomalyModel, 'name' | 'version' | 'falseAlarmsPerRobotDay'>,
  record: RobotRecord,
  finding: SeriesFinding,
  foldedFrom: number,
): Verdict {
  const { partition, offset, nowMs } = record.at;
  const severity = toSeverity(finding.excess);
  const { previousOffset } = finding;
  const data: InsightData = {
    robotId: record.robotId,
    kind: finding.kind,
    metric: finding.metric,
    ...(finding.unit === undefined ? {} : { unit: finding.unit }),
    severity,
    value: finding.value,
    expected: round(finding.expected),
    score: round(finding.score),
    threshold: round(finding.threshold),
    atMs: nowMs,
    eventId: record.event.id,
    model: model.name,
    version: model.version,
    falseAlarmsPerRobotDay: model.falseAlarmsPerRobotDay,
    window: { samples: finding.samples, fromOffset: finding.sinceOffset, toOffset: offset },
    evidence: { partition, offsets: previousOffset === offset ? [offset] : [previousOffset, offset] },
    foldedFrom,
  };
  const value = JSON.stringify({
    specversion: '1.0',
    id: `insights-${model.name}-${model.version}-${partition}-${offset}-${finding.metric}`,
    source,
    type: 'fleet.insight.v1',
    subject: record.robotId,
    time: new Date(nowMs).toISOString(),
    traceparent: record.event.traceparent,
    data,
  });
  return { topic: topics.insights, key: record.robotId, value, severity, offset };
}

function toSeverity(excess: number): InsightSeverity {
  if (excess < 2) return 'minor';
  return excess < 4 ? 'major' : 'extreme';
}

/** More digits than this say nothing. */
function round(value: number): number {
  return Number(value.toPrecision(significantDigits));
}
