import { join } from 'node:path';
import { renderEventDocs } from '@fleetstream/contracts';
import { format, resolveConfig } from 'prettier';
import { listServiceMetrics } from './list-service-metrics.ts';
import { renderConfigDocs, renderEnvExample } from './render-config-docs.ts';
import { renderErrorDocs } from './render-error-docs.ts';
import { renderMetricDocs } from './render-metric-docs.ts';
import { renderTopicDocs } from './render-topic-docs.ts';
import { loadServiceSchemas } from './service-schemas.ts';

/** Every generated document by its path in the repository, as it should be. */
export async function renderDocs(root: string): Promise<Map<string, string>> {
  const services = await loadServiceSchemas(root);
  const pages = new Map([
    ['docs/config.md', renderConfigDocs(services)],
    ['docs/errors.md', renderErrorDocs()],
    ['docs/events.md', renderEventDocs()],
    ['docs/metrics.md', renderMetricDocs(listServiceMetrics())],
    ['docs/topics.md', renderTopicDocs()],
  ]);
  const style = await resolveConfig(join(root, 'docs/config.md'));
  const rendered = new Map([['.env.example', renderEnvExample(services)]]);
  for (const [path, text] of pages) rendered.set(path, await format(text, { ...style, parser: 'markdown' }));
  return rendered;
}
