import { type LocalPorts } from '../ports.ts';

/** Prometheus for a local run, with the rules of every other place. JSON, which Prometheus reads as the YAML it is. */
export function toPrometheusConfig(
  ports: LocalPorts,
  { webhooks, processors }: { readonly webhooks: number; readonly processors: number },
  rulesDir: string,
): string {
  const pods = (job: string, first: number, count: number, path?: string) => ({
    job_name: job,
    ...(path === undefined ? {} : { metrics_path: path }),
    static_configs: [{ targets: Array.from({ length: count }, (_, index) => `127.0.0.1:${first + index}`) }],
  });
  const config = {
    global: { scrape_interval: '5s', evaluation_interval: '15s' },
    rule_files: [`${rulesDir}/*.yml`],
    scrape_configs: [
      pods('webhook', ports.webhookFirst, webhooks),
      pods('processor', ports.processorFirst, processors),
      pods('insights', ports.insightsFirst, 1),
      pods('commands', ports.commandsFirst, 1),
      pods('gateway', ports.gatewayAdmin, 1, '/stats/prometheus'),
    ],
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
