import { type MetricDescription } from '@fleetstream/telemetry';
import { generatedNote } from './generated-note.ts';

/** `docs/metrics.md`: what each service exposes at `/metrics`. */
export function renderMetricDocs(services: ReadonlyMap<string, readonly MetricDescription[]>): string {
  const sections = [...services].flatMap(([service, metrics]) => [
    `## ${service}`,
    '',
    '| metric | type | labels | what |',
    '|---|---|---|---|',
    ...metrics.map(
      ({ name, type, labels, help }) =>
        `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(' ')} | ${help} |`,
    ),
    '',
  ]);
  return [
    '# Metrics',
    '',
    generatedNote,
    '',
    'Prometheus text at `/metrics` of every process, beside what prom-client tells of Node itself. Every label has a closed',
    'set of values.',
    '',
    ...sections,
  ].join('\n');
}
