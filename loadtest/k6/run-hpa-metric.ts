import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@fleetstream/kernel';
import { findFreePort, localPorts, maxPodsPerKind, probeHttp, startPrometheus } from '@fleetstream/local';
import { parse, stringify } from 'yaml';
import { toAdapterQuery } from './adapter-query.ts';
import { type LoadPlatform } from './find-platform.ts';
import { exactly, type Check, within } from '../check.ts';
import { latencyMsP99Max, type LoadOptions } from './load-options.ts';
import { queryPrometheus } from './prometheus-query.ts';
import { runK6 } from './run-k6.ts';

const namespace = 'fleetstream';

/** The rule looks back 30 s; a little longer and a phase has filled its window. */
const phaseSeconds = 42;
const phases = [
  { name: 'low', requestsPerSecond: 20 },
  { name: 'high', requestsPerSecond: 80 },
] as const;
const eventsPerRequest = 10;

/** How far a measured rate may be from the one that k6 made: a scrape more or less in the window. */
const tolerance = 0.15;

export interface HpaMetricReport {
  readonly checks: readonly Check[];
  /** Events per second and pod, as the autoscaler would see them. */
  readonly figures: Readonly<Record<string, number>>;
}

/**
 * Whether the autoscaler would see the load: k6 makes it, a real Prometheus scrapes the pods with the relabelling that
 * it has on Kubernetes, and the metric is asked for as prometheus-adapter asks.
 */
export async function runHpaMetric(
  platform: LoadPlatform,
  options: LoadOptions,
  say: (line: string) => void,
  root: string,
): Promise<HpaMetricReport> {
  const pods = await findPods();
  if (pods.length === 0) throw new AppError('FS_NOT_READY', 'No webhook pod answers on this machine.');
  const metric = readPodsMetric(root);
  const query = toAdapterQuery(
    join(root, 'deploy/prometheus/adapter-rules.yaml'),
    metric,
    namespace,
    pods.map(({ name }) => name),
  );
  say(`${pods.length} webhook pods; the autoscaler's ${metric} is: ${query}`);
  const directory = mkdtempSync(join(tmpdir(), 'fleetstream-hpa-'));
  const configFile = join(directory, 'prometheus.yml');
  writeFileSync(configFile, toLocalConfig(join(root, 'deploy/prometheus/prometheus.kubernetes.yml'), pods));
  const prometheus = await startPrometheus({
    configFile,
    dataDir: join(directory, 'data'),
    port: await findFreePort(),
    logFile: join(directory, 'prometheus.log'),
  });
  try {
    const read = async () => await readPerPod(prometheus.address, query);
    return await runPhases({ platform, options, podCount: pods.length, read, say });
  } finally {
    await prometheus.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

interface PhaseContext {
  readonly platform: LoadPlatform;
  readonly options: LoadOptions;
  readonly podCount: number;
  readonly read: () => Promise<readonly number[]>;
  readonly say: (line: string) => void;
}

async function runPhases({ platform, options, podCount, read, say }: PhaseContext): Promise<HpaMetricReport> {
  const checks: Check[] = [];
  const figures: Record<string, number> = {};
  const note = (name: string, perPod: readonly number[], eventsPerSecond: number) => {
    const mean = perPod.reduce((sum, value) => sum + value, 0) / podCount;
    figures[name] = Math.round(mean * 10) / 10;
    say(`${name}: ${perPod.map((value) => value.toFixed(1)).join(', ')} events/s per pod`);
    checks.push(exactly(`${name}: pods with a value`, perPod.length, podCount));
    checks.push(
      within(
        `${name}: events/s per pod`,
        figures[name],
        eventsPerSecond / podCount,
        (eventsPerSecond / podCount) * tolerance,
      ),
    );
  };
  await sleep(waitForWindowMs);
  note('idle before', await read(), 0);
  for (const { name, requestsPerSecond } of phases) {
    say(`${name}: ${requestsPerSecond * eventsPerRequest} events/s for ${phaseSeconds} s …`);
    const load = { requestsPerSecond, eventsPerRequest, durationSeconds: phaseSeconds, vus: options.vus };
    const running = runK6(platform, { ...load, latencyMsP99Max });
    const [perPod, outcome] = await Promise.all([sleep((phaseSeconds - 2) * 1000).then(read), running]);
    note(name, perPod, requestsPerSecond * eventsPerRequest);
    checks.push(exactly(`${name}: events not accepted`, outcome.eventsSent - outcome.eventsAccepted, 0));
  }
  say(`idle again, for ${waitForWindowMs / 1000} s …`);
  await sleep(waitForWindowMs);
  note('idle after', await read(), 0);
  return { checks, figures };
}

/** The rule's 30 s, and the scrape that ends them. */
const waitForWindowMs = 38_000;

async function readPerPod(prometheusUrl: string, query: string): Promise<readonly number[]> {
  return (await queryPrometheus(prometheusUrl, query)).map(({ value }) => value);
}

interface LocalPod {
  readonly name: string;
  readonly port: number;
}

async function findPods(): Promise<readonly LocalPod[]> {
  const candidates = Array.from({ length: maxPodsPerKind }, (_, index) => localPorts.webhookFirst + index);
  const answers: readonly boolean[] = await Promise.all(
    candidates.map((port) => probeHttp(`http://127.0.0.1:${port}/metrics`).catch(() => false)),
  );
  return candidates
    .filter((_, index) => answers[index])
    .map((port, index) => ({ name: `fleetstream-webhook-${index + 1}`, port }));
}

/** The metric of its pods that the autoscaler scales by. */
function readPodsMetric(root: string): string {
  const file = join(root, 'deploy/kubernetes/base/webhook/horizontal-pod-autoscaler.yaml');
  const { spec } = parse(readFileSync(file, 'utf8')) as {
    spec: { metrics: readonly { pods?: { metric: { name: string } } }[] };
  };
  const name = spec.metrics.find(({ pods }) => pods !== undefined)?.pods?.metric.name;
  if (name === undefined) throw new Error(`${file} names no metric of pods`);
  return name;
}

/** Prometheus' configuration for Kubernetes, its discovery replaced by what discovery would say of our pods. */
function toLocalConfig(file: string, pods: readonly LocalPod[]): string {
  const config = parse(readFileSync(file, 'utf8')) as {
    scrape_configs: { kubernetes_sd_configs?: unknown; static_configs?: unknown }[];
    rule_files?: unknown;
  };
  delete config.rule_files;
  for (const scrape of config.scrape_configs) {
    delete scrape.kubernetes_sd_configs;
    scrape.static_configs = pods.map(({ name, port }) => ({
      targets: [`127.0.0.1:${port}`],
      labels: {
        __meta_kubernetes_namespace: namespace,
        __meta_kubernetes_pod_name: name,
        __meta_kubernetes_pod_ip: '127.0.0.1',
        __meta_kubernetes_pod_phase: 'Running',
        __meta_kubernetes_pod_label_app_kubernetes_io_name: 'webhook',
        __meta_kubernetes_pod_annotation_prometheus_io_scrape: 'true',
        __meta_kubernetes_pod_annotation_prometheus_io_port: String(port),
        __meta_kubernetes_pod_annotation_prometheus_io_path: '/metrics',
      },
    }));
  }
  return stringify(config);
}
