import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { readAdapterRules } from './check-kubernetes.ts';
import { type ManifestContext } from './manifest-context.ts';
import { type KnownMetrics, listKnownMetrics } from './known-metrics.ts';
import { runTool } from './run-tool.ts';

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
}

interface Board {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
}

interface RuleTest {
  readonly tests: readonly {
    readonly alert_rule_test?: readonly { readonly alertname: string; readonly exp_alerts?: readonly unknown[] }[];
  }[];
}

const severities = ['page', 'ticket'];

/** Labels that scraping adds to every series. */
const scrapeLabels = ['job', 'instance', 'namespace', 'pod'];

/**
 * promtool's verdict on the configurations and rules, and its run of the rules' own tests. It works on a copy: alerts
 * are tested without their runbooks, and discovery on Kubernetes, which Debian's promtool was built without, is checked
 * by a schema of ours.
 */
export async function checkPrometheusFiles(context: ManifestContext): Promise<readonly string[]> {
  const source = join(context.root, 'deploy', 'prometheus');
  const copy = mkdtempSync(join(tmpdir(), 'fleetstream-prometheus-'));
  try {
    const problems = listYaml(source)
      .filter((file) => basename(file).startsWith('prometheus'))
      .flatMap((file) => copyConfig(file, join(copy, basename(file))));
    const configs = listYaml(copy);
    copyRules(source, copy);
    const runs = [
      ...configs.map((file) => ['check', 'config', file]),
      ['check', 'rules', ...listYaml(join(source, 'rules'))],
      ['test', 'rules', ...listYaml(join(copy, 'tests'))],
    ];
    const results = await Promise.all(runs.map((args) => runTool('promtool', args, { directory: copy })));
    if (configs.length === 0) problems.push('no configuration of Prometheus');
    return [...problems, ...results.filter(({ ok }) => !ok).map(({ said }) => said)];
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

const kubernetesDiscovery = z.array(
  z.strictObject({
    role: z.literal('pod'),
    namespaces: z.strictObject({ names: z.array(z.string()).min(1) }),
  }),
);

function copyConfig(from: string, to: string): string[] {
  const config = parse(readFileSync(from, 'utf8')) as { scrape_configs: Record<string, unknown>[] };
  const problems: string[] = [];
  for (const scrape of config.scrape_configs) {
    const { kubernetes_sd_configs: discovery } = scrape;
    if (discovery === undefined) continue;
    const parsed = kubernetesDiscovery.safeParse(discovery);
    for (const { path, message } of parsed.error?.issues ?? []) {
      problems.push(`${basename(from)}: kubernetes_sd_configs.${path.join('.')}: ${message}`);
    }
    delete scrape['kubernetes_sd_configs'];
    scrape['static_configs'] = [];
  }
  writeFileSync(to, stringify(config));
  return problems;
}

function copyRules(source: string, copy: string): void {
  for (const folder of ['rules', 'tests']) {
    mkdirSync(join(copy, folder));
    for (const file of listYaml(join(source, folder))) {
      const text = readFileSync(file, 'utf8');
      writeFileSync(join(copy, folder, basename(file)), folder === 'rules' ? withoutRunbooks(text) : text);
    }
  }
}

function withoutRunbooks(text: string): string {
  const file = parse(text) as RuleFile;
  const groups = file.groups.map((group) => ({
    ...group,
    rules: group.rules.map(({ annotations, ...rule }) => ({
      ...rule,
      ...(annotations === undefined ? {} : { annotations: { ...annotations, runbook: undefined } }),
    })),
  }));
  return stringify({ ...file, groups });
}

/** Every metric and label that a rule or a panel of a board reads is declared by a service or made by another rule. */
export function checkRuleNames(context: ManifestContext): Promise<readonly string[]> {
  const known = listKnownMetrics();
  const rules = readRules(context.root);
  const recorded = new Set(rules.flatMap(({ record }) => (record === undefined ? [] : [record])));
  const adapter = readAdapterRules(context.root).map(({ name, seriesQuery }) => ({
    alert: name.as,
    expr: seriesQuery,
  }));
  const read: readonly Rule[] = [...rules, ...adapter, ...readPanels(context.root)];
  const problems = read.flatMap((rule) =>
    listUnknown(rule.expr, known, recorded).map((problem) => `${rule.alert ?? rule.record ?? '?'}: ${problem}`),
  );
  return Promise.resolve(known.size === 0 ? ['no service declares metrics'] : problems);
}

function listUnknown(expression: string, known: KnownMetrics, recorded: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  for (const [, name, matchers] of expression.matchAll(/\b(fleetstream[_:][a-z0-9_:]+)(?:\{([^}]*)\})?/g)) {
    if (name === undefined || recorded.has(name)) continue;
    const labels = known.get(name);
    if (labels === undefined) {
      problems.push(`no service has the metric ${name}`);
      continue;
    }
    for (const [, label] of (matchers ?? '').matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)\s*"/g)) {
      if (label === undefined || labels.has(label) || scrapeLabels.includes(label)) continue;
      problems.push(`${name} has no label ${label}`);
    }
  }
  return problems;
}

/** Each alert says how bad it is and what to do, and has a test in which it fires and one in which it doesn't. */
export function checkRuleCoverage(context: ManifestContext): Promise<readonly string[]> {
  const tests = listYaml(join(context.root, 'deploy', 'prometheus', 'tests'))
    .flatMap((file) => (parse(readFileSync(file, 'utf8')) as RuleTest).tests)
    .flatMap((test) => test.alert_rule_test ?? []);
  const alerts = readRules(context.root).filter(({ alert }) => alert !== undefined);
  const problems = alerts.flatMap((rule) => {
    const own = tests.filter(({ alertname }) => alertname === rule.alert);
    const expectations: readonly (readonly [boolean, string])[] = [
      [severities.includes(rule.labels?.['severity'] ?? ''), `its severity is not one of ${severities.join(', ')}`],
      [(rule.annotations?.['summary'] ?? '') !== '', 'no summary'],
      [(rule.annotations?.['runbook'] ?? '').length > 40, 'no runbook that says what to do'],
      [own.some((test) => (test.exp_alerts ?? []).length > 0), 'no test in which it fires'],
      [own.some((test) => (test.exp_alerts ?? []).length === 0), 'no test in which it keeps still'],
    ];
    return expectations.flatMap(([met, gap]) => (met ? [] : [`${rule.alert}: ${gap}`]));
  });
  return Promise.resolve(alerts.length === 0 ? ['no alerts'] : problems);
}

function readPanels(root: string): readonly Rule[] {
  const directory = join(root, 'deploy', 'grafana');
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as Board)
    .flatMap(({ panels }) =>
      panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ alert: title, expr }))),
    );
}

function readRules(root: string): readonly Rule[] {
  return listYaml(join(root, 'deploy', 'prometheus', 'rules'))
    .flatMap((file) => (parse(readFileSync(file, 'utf8')) as RuleFile).groups)
    .flatMap(({ rules }) => rules);
}

function listYaml(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.yml'))
    .map((name) => join(directory, name));
}
