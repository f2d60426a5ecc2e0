import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Metric name, with the suffixes a histogram has, to its labels. */
export type KnownMetrics = ReadonlyMap<string, ReadonlySet<string>>;

const histogramSuffixes = ['_bucket', '_sum', '_count'];

/** What the services declare in their `metrics.ts`; each makes its metrics by literal names, so they can be read. */
export function readServiceMetrics(root: string): KnownMetrics {
  const known = new Map<string, ReadonlySet<string>>();
  for (const service of readdirSync(join(root, 'services'))) {
    const file = join(root, 'services', service, 'src', 'metrics.ts');
    if (existsSync(file))
      for (const [name, labels] of readDeclarations(readFileSync(file, 'utf8'))) known.set(name, labels);
  }
  return known;
}

/** Reads `createMetrics('x')` and the calls that declare metrics. */
export function readDeclarations(source: string): Map<string, ReadonlySet<string>> {
  const service = /createMetrics\(\s*'([a-z_]+)'/.exec(source)?.[1] ?? '';
  const declared = new Map<string, ReadonlySet<string>>();
  const calls = [...source.matchAll(/\.(counter|gauge|histogram)(?:<[^>]*>)?\(\s*'([a-z0-9_]+)'/g)];
  for (const [index, call] of calls.entries()) {
    const [, kind, name] = call;
    const rest = source.slice(call.index, calls[index + 1]?.index ?? source.length);
    const list = /\[((?:\s*'[a-z_]+',?)+)\s*\]/.exec(rest.slice(0, rest.indexOf(';') + 1))?.[1] ?? '';
    const labels = [...list.matchAll(/'([a-z_]+)'/g)].map(([, label]) => label ?? '');
    const full = `fleetstream_${service}_${name}`;
    if (kind !== 'histogram') declared.set(full, new Set(labels));
    else for (const suffix of histogramSuffixes) declared.set(full + suffix, new Set([...labels, 'le']));
  }
  return declared;
}
