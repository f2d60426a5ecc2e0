import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type KubernetesObject, type ManifestContext } from './manifest-context.ts';
import { type Container, type PodSpec, toPodSpec, toServiceName } from './pod-template.ts';
import { runTool } from './run-tool.ts';

/** Kubeconform's verdict, with schemas that refuse unknown fields. */
export async function checkSchemas(context: ManifestContext, directory: string): Promise<readonly string[]> {
  const { kubeconform, schemasDir } = context.tools;
  const schemas = join(schemasDir, '{{.ResourceKind}}{{.KindSuffix}}.json');
  const input = await context.build(directory);
  // No module has the schema of Envoy Gateway's policy alone; `checkClientCerts` looks at ours.
  const args = ['-strict', '-summary', '-skip', 'ClientTrafficPolicy', '-schema-location', schemas, '-'];
  const result = await runTool(kubeconform, args, { input });
  if (!result.ok) return [result.said];
  // With nothing read it would pass, too.
  return /Valid: [1-9]/.test(result.said) ? [] : [`kubeconform checked nothing: ${result.said}`];
}

/** What no schema asks for and every pod of ours must have. */
export async function checkHardening(context: ManifestContext): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const directory of context.kustomizations) {
    const objects = await context.objects(directory);
    for (const object of objects) {
      const pod = toPodSpec(object);
      const where = `${directory}: ${object.kind} ${object.metadata.name}`;
      if (pod === undefined) {
        if (object.kind === 'Secret') problems.push(`${where}: secrets are made in the cluster, never here`);
        continue;
      }
      problems.push(...listPodGaps(pod, object.kind === 'Job').map((gap) => `${where}: ${gap}`));
      problems.push(...listUncovered(object, objects).map((gap) => `${where}: ${gap}`));
    }
  }
  return problems;
}

/** Every image of ours is a target of the one Dockerfile. */
export async function checkImages(context: ManifestContext): Promise<readonly string[]> {
  const dockerfile = readFileSync(join(context.root, 'deploy', 'images', 'Dockerfile'), 'utf8');
  const targets = new Set([...dockerfile.matchAll(/^FROM \S+ AS ([a-z-]+)$/gm)].map(([, target]) => target));
  const objects = (await Promise.all(context.kustomizations.map((directory) => context.objects(directory)))).flat();
  const names = objects.flatMap((object) => toPodSpec(object)?.containers ?? []).map(toServiceName);
  return [...new Set(names)]
    .filter((name) => name !== undefined && !targets.has(name))
    .map((name) => `fleetstream/${name}: deploy/images/Dockerfile has no target ${name}`);
}

function listPodGaps(pod: PodSpec, ends: boolean): string[] {
  const isOurs = pod.containers.some((container) => toServiceName(container) !== undefined);
  const gaps = [
    ...(pod.securityContext?.['runAsNonRoot'] === true ? [] : ['may run as root']),
    ...(pod.automountServiceAccountToken === false ? [] : ["mounts a token of the cluster's API"]),
    ...(isOurs && !ends && pod.terminationGracePeriodSeconds === undefined ? ['no terminationGracePeriodSeconds'] : []),
  ];
  return [...gaps, ...pod.containers.flatMap((container) => listContainerGaps(container, ends))];
}

function listContainerGaps(container: Container, ends: boolean): string[] {
  const isOurs = toServiceName(container) !== undefined;
  const expectations: readonly (readonly [boolean, string])[] = [
    [container.resources?.requests !== undefined && container.resources.limits !== undefined, 'no requests or limits'],
    [container.securityContext?.['allowPrivilegeEscalation'] === false, 'may raise its privileges'],
    [ends || container.readinessProbe !== undefined, 'no readiness probe'],
    [!isOurs || container.securityContext?.['readOnlyRootFilesystem'] === true, 'can write its root file system'],
    [!isOurs || ends || container.livenessProbe !== undefined, 'no liveness probe'],
  ];
  return expectations.flatMap(([met, gap]) => (met ? [] : [`container ${container.name}: ${gap}`]));
}

/** Every workload of ours has a disruption budget and a network policy that select its pods. */
function listUncovered(workload: KubernetesObject, objects: readonly KubernetesObject[]): string[] {
  const isOurs = toPodSpec(workload)?.containers.some((container) => toServiceName(container) !== undefined) ?? false;
  const template = workload.spec?.['template'] as { metadata?: { labels?: Record<string, string> } } | undefined;
  const labels = template?.metadata?.labels ?? {};
  const selects = (kind: string, field: string) =>
    objects.some((object) => object.kind === kind && isSelected(labels, object.spec?.[field] as LabelSelector));
  return [
    ...(isOurs && workload.kind !== 'Job' && !selects('PodDisruptionBudget', 'selector')
      ? ['no PodDisruptionBudget selects it']
      : []),
    ...(selects('NetworkPolicy', 'podSelector') ? [] : ['no NetworkPolicy selects it']),
  ];
}

interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values: string[] }[];
}

/** A selector without conditions takes every pod; that is a default, not a rule for this one. */
function isSelected(labels: Readonly<Record<string, string>>, selector: LabelSelector): boolean {
  const equal = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => labels[key] === value);
  const among = (selector.matchExpressions ?? []).map(
    ({ key, operator, values }) => operator === 'In' && values.includes(labels[key] ?? ''),
  );
  const conditions = [...equal, ...among];
  return conditions.length > 0 && conditions.every(Boolean);
}

interface HpaMetric {
  readonly pods?: { readonly metric: { readonly name: string } };
}

/** Every pods metric of an autoscaler is what a rule of prometheus-adapter makes of a metric. */
export async function checkAutoscaling(context: ManifestContext): Promise<readonly string[]> {
  const rules = readAdapterRules(context.root).map((rule) => rule.name.as);
  const problems: string[] = [];
  for (const directory of context.kustomizations) {
    const scalers = (await context.objects(directory)).filter(({ kind }) => kind === 'HorizontalPodAutoscaler');
    if (scalers.length === 0) problems.push(`${directory}: no autoscaler`);
    const names = scalers
      .flatMap((scaler) => scaler.spec?.['metrics'] as HpaMetric[])
      .map((one) => one.pods?.metric.name);
    const wanted = names.filter((name) => name !== undefined);
    if (wanted.length === 0) problems.push(`${directory}: no autoscaler reads a metric of its pods`);
    for (const name of wanted) {
      if (!rules.includes(name)) problems.push(`${directory}: no rule of adapter-rules.yaml makes ${name}`);
    }
  }
  return problems;
}

/** A rule of prometheus-adapter (its documentation: "Metrics discovery and presentation configuration"). */
export interface AdapterRule {
  readonly seriesQuery: string;
  readonly resources: { readonly overrides: Readonly<Record<string, { readonly resource: string }>> };
  readonly name: { readonly matches: string; readonly as: string };
  readonly metricsQuery: string;
}

export function readAdapterRules(root: string): readonly AdapterRule[] {
  const text = readFileSync(join(root, 'deploy', 'prometheus', 'adapter-rules.yaml'), 'utf8');
  return (parse(text) as { rules: AdapterRule[] }).rules;
}
