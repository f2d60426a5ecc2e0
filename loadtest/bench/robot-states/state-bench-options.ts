import { join, resolve } from 'node:path';
import { readArguments } from '../../read-arguments.ts';
import { type BenchContext, type ParsedCommand } from './bench-command.ts';
import { type StageOptions } from './bench-stage.ts';
import { countFlag } from '../../count-flag.ts';

/** What the benches of robots' states are all told. */
export interface StateBenchOptions extends StageOptions {
  readonly isQuick: boolean;
  readonly json: boolean;
}

/** A number that a flag gives, in whole ones; the second fallback is for `--quick`. */
interface CountSpec {
  readonly fallback: number;
  readonly quick: number;
  readonly least: number;
  readonly most: number;
}

const switches = {
  quick: { type: 'boolean' },
  ours: { type: 'boolean' },
  peers: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

const seedSpec: CountSpec = { fallback: 1, quick: 1, least: 0, most: 2 ** 31 };

/** What all have in common, and the counts by the names of their flags, of which `robots` and `bytes` are two. */
export function parseStateBench<Name extends string>(
  argv: readonly string[],
  { env, root }: Pick<BenchContext, 'env' | 'root'>,
  specs: Readonly<Record<Name | 'robots' | 'bytes', CountSpec>>,
): ParsedCommand<StateBenchOptions & { readonly counts: Readonly<Record<Name, number>> }> {
  const allSpecs: Readonly<Record<string, CountSpec>> = { ...specs, seed: seedSpec };
  const texts = Object.fromEntries(Object.keys(allSpecs).map((name) => [name, { type: 'string' } as const]));
  const read = readArguments(argv, { ...texts, ...switches });
  if (typeof read === 'string') return { kind: 'wrong', problems: [read] };
  const { positionals } = read;
  const values: Readonly<Record<string, string | boolean | undefined>> = read.values;
  if (values['help'] === true) return { kind: 'help' };
  const problems = positionals.map((word) => `"${word}" is not a flag`);
  const isQuick = values['quick'] === true;
  const counts = Object.fromEntries(
    Object.entries(allSpecs).map(([name, { fallback, quick, ...bounds }]) => {
      const text = values[name] as string | undefined;
      return [name, countFlag(text, { name, fallback: isQuick ? quick : fallback, ...bounds }, problems)];
    }),
  ) as Record<Name | 'robots' | 'bytes' | 'seed', number>;
  const peers = (values['peers'] as string | undefined) ?? env['PEERS_DIR'] ?? join(root, '..', 'shared', 'peers');
  const { robots, bytes: stateBytes, seed } = counts;
  const peersDir = values['ours'] === true ? undefined : resolve(peers);
  const options = { robots, stateBytes, seed, peersDir, isQuick, json: values['json'] === true, counts };
  return problems.length > 0 ? { kind: 'wrong', problems } : { kind: 'run', options };
}
