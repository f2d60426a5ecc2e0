import { join, resolve } from 'node:path';
import { readArguments } from '../../read-arguments.ts';
import { type BenchContext, type ParsedCommand } from '../robot-states/bench-command.ts';
import { countFlag } from '../robot-states/count-flag.ts';

export interface RecoveryOptions {
  readonly rounds: number;
  readonly robots: number;
  readonly stateBytes: number;
  readonly eventsPerSecond: number;
  readonly seed: number;
  /** `undefined`: ours alone. */
  readonly peersDir: string | undefined;
  readonly isQuick: boolean;
  readonly json: boolean;
}

export const recoveryHelp = `npm run bench:recovery -- [flags]

Kills a stream processor with SIGKILL under steady traffic and takes the time until a reader of committed records sees an
output of an event that was appended after the kill. Ours with its local state intact, with it lost, and with a warm copy
on another instance; Kafka Streams (exactly once) and Flink (RocksDB, incremental checkpoints) with theirs lost. The
same events, fold and states for all, one broker, one run. Without the peers' folder ours runs alone.

  --rounds N   kills of each kind; 3
  --robots N   robots, each with a state of --bytes; 1048576
  --bytes N    bytes of a state; 1024
  --rate N     events per second during the kills; 1000
  --quick      one round of 40000 robots: outputs and rungs alone are checked, no limit of time
  --ours       ours alone, though the peers are there
  --peers DIR  the peers' scripts; PEERS_DIR, or ../shared/peers beside the repository
  --seed N     of the states' bytes and the order of the robots; 1
  --json       progress to stderr, only the last line of figures to stdout
  --help

PEERS_HOME is where the peers build and download to, once, about 1 GB; ~/.cache/fleetstream/peers when it is not set.
A full run takes about ten minutes and 10 GB under the temporary folder, which it removes.
Exit code 0: all checks passed; 1: one did not; 2: wrong usage.`;

const flags = {
  rounds: { type: 'string' },
  robots: { type: 'string' },
  bytes: { type: 'string' },
  rate: { type: 'string' },
  seed: { type: 'string' },
  quick: { type: 'boolean' },
  ours: { type: 'boolean' },
  peers: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

export function parseRecoveryOptions(
  argv: readonly string[],
  { env, root }: Pick<BenchContext, 'env' | 'root'>,
): ParsedCommand<RecoveryOptions> {
  const read = readArguments(argv, flags);
  if (typeof read === 'string') return { kind: 'wrong', problems: [read] };
  const { values, positionals } = read;
  if (values.help === true) return { kind: 'help' };
  const problems = positionals.map((word) => `"${word}" is not a flag`);
  const count = (
    name: 'rounds' | 'robots' | 'bytes' | 'rate' | 'seed',
    fallback: number,
    least: number,
    most: number,
  ) => countFlag(values[name], { name, fallback, least, most }, problems);
  const isQuick = values.quick === true;
  const options: RecoveryOptions = {
    rounds: count('rounds', isQuick ? 1 : 3, 1, 100),
    robots: count('robots', isQuick ? 40_000 : 1024 * 1024, 1000, 9_999_999),
    stateBytes: count('bytes', 1024, 100, 100_000),
    eventsPerSecond: count('rate', 1000, 100, 50_000),
    seed: count('seed', 1, 0, 2 ** 31),
    peersDir:
      values.ours === true
        ? undefined
        : resolve(values.peers ?? env['PEERS_DIR'] ?? join(root, '..', 'shared', 'peers')),
    isQuick,
    json: values.json === true,
  };
  return problems.length > 0 ? { kind: 'wrong', problems } : { kind: 'run', options };
}
