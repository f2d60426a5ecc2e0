import { countFlag } from '../count-flag.ts';
import { readArguments } from '../read-arguments.ts';
import { type FaultOptions, type Scenario } from './scenario.ts';

export type ParsedFaultFlags =
  | { readonly kind: 'run'; readonly options: FaultOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly problems: readonly string[] };

const flags = {
  rounds: { type: 'string' },
  seed: { type: 'string' },
  store: { type: 'string' },
  for: { type: 'string' },
  json: { type: 'boolean' },
  keep: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

const roundsMax = 1_000_000;

/** Reads the command line, naming every problem at once. */
export function parseFaultFlags(
  argv: readonly string[],
  scenarios: readonly Pick<Scenario, 'name' | 'defaults'>[],
): ParsedFaultFlags {
  const read = readArguments(argv, flags);
  if (typeof read === 'string') return { kind: 'wrong', problems: [read] };
  const { values, positionals } = read;
  if (values.help === true) return { kind: 'help' };
  const problems: string[] = [];
  const scenario = positionals[0] ?? '';
  const known = scenarios.find(({ name }) => name === scenario);
  if (positionals.length !== 1 || known === undefined) {
    problems.push(`"${positionals.join(' ')}": one of ${scenarios.map(({ name }) => name).join(', ')}`);
  }
  const count = (name: 'rounds' | 'seed', fallback: number, least: number, most: number) =>
    countFlag(values[name], { name, fallback, least, most }, problems);
  const { store = 'minio', for: roundTime = known?.defaults?.roundTime ?? '60s' } = values;
  if (store !== 'minio' && store !== 'versitygw') problems.push(`--store ${store}: minio or versitygw`);
  if (!/^\d+[smh]$/.test(roundTime)) problems.push(`--for ${roundTime}: a time such as 60s or 5m`);
  const options: FaultOptions = {
    scenario,
    rounds: count('rounds', known?.defaults?.rounds ?? 1, 1, roundsMax),
    seed: count('seed', 1, 0, 2 ** 31 - 1 - roundsMax),
    store: store === 'versitygw' ? store : 'minio',
    roundTime,
    json: values.json === true,
    keep: values.keep === true,
  };
  return problems.length > 0 ? { kind: 'wrong', problems } : { kind: 'run', options };
}
