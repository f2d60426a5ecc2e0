import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

interface AdapterRule {
  readonly seriesQuery: string;
  readonly resources: { readonly overrides: Readonly<Record<string, { readonly resource: string }>> };
  readonly name: { readonly as: string };
  readonly metricsQuery: string;
}

/**
 * The query that prometheus-adapter sends when an autoscaler asks for a metric of pods: its rule's template, filled in
 * as the adapter does it (its documentation: "Querying").
 */
export function toAdapterQuery(rulesFile: string, metric: string, namespace: string, pods: readonly string[]): string {
  const { rules } = parse(readFileSync(rulesFile, 'utf8')) as { rules: readonly AdapterRule[] };
  const rule = rules.find(({ name }) => name.as === metric);
  if (rule === undefined) throw new Error(`${rulesFile} has no rule that makes ${metric}`);
  const labelOf = (resource: string) =>
    Object.entries(rule.resources.overrides).find(([, override]) => override.resource === resource)?.[0] ?? resource;
  const series = /^[a-zA-Z_:][\w:]*/.exec(rule.seriesQuery)?.[0] ?? '';
  const podLabel = labelOf('pod');
  return rule.metricsQuery
    .replaceAll('<<.Series>>', series)
    .replaceAll('<<.LabelMatchers>>', `${labelOf('namespace')}="${namespace}",${podLabel}=~"${pods.join('|')}"`)
    .replaceAll('<<.GroupBy>>', podLabel);
}
