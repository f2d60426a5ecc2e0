import { type RobotStateData } from '../events/robot-state.ts';
import { type DialectDeviation } from './dialect-deviations.ts';
import { type MappedDialect } from './mapped-dialect.ts';

/** Off 100 for each deviation: what could not be read weighs most, another spelling of the same least. */
const weights = { lost: 8, missing: 5, otherwise: 2 } as const;

const lost: ReadonlySet<DialectDeviation> = new Set<DialectDeviation>([
  'field-of-wrong-type',
  'number-out-of-range',
  'text-cut',
  'list-cut',
  'operating-mode-unreadable',
  'position-incomplete',
  'action-without-id',
  'action-status-unknown',
  'connection-state-unknown',
  'operational-state-unknown',
]);

/** How closely a message keeps to its dialect: 100 to the letter, 0 at twenty missing fields. */
export function toConformance({
  dialect,
  version,
  deviations,
}: Pick<MappedDialect, 'dialect' | 'version' | 'deviations'>): NonNullable<RobotStateData['conformance']> {
  let score = 100;
  for (const deviation of deviations) score -= weightOf(deviation);
  return { dialect, ...(version !== undefined && { version }), score: Math.max(0, score) };
}

function weightOf(deviation: DialectDeviation): number {
  if (lost.has(deviation)) return weights.lost;
  return deviation.endsWith('-missing') ? weights.missing : weights.otherwise;
}
