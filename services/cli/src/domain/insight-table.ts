import { type InsightData } from '@fleetstream/contracts';
import { toColumns } from './to-columns.ts';

const headings = ['TIME (UTC)', 'ROBOT', 'METRIC', 'WHAT', 'VALUE', 'EXPECTED', 'SEVERITY', 'EVIDENCE'] as const;

/** One line per verdict, in columns. */
export function toInsightTable(insights: readonly InsightData[]): string[] {
  return toColumns(headings, insights.map(toRow));
}

function toRow(insight: InsightData): string[] {
  const { atMs, robotId, metric, kind, value, unit, expected, severity, evidence } = insight;
  return [
    new Date(atMs).toISOString().slice(0, 19).replace('T', ' '),
    robotId,
    metric,
    kind,
    `${Number(value.toPrecision(5))}${unit === undefined ? '' : ` ${unit}`}`,
    String(Number(expected.toPrecision(5))),
    severity,
    `${evidence.partition}/${evidence.offsets.at(-1) ?? '?'}`,
  ];
}
