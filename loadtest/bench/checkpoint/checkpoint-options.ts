import { join, resolve } from 'node:path';
import { readArguments } from '../../read-arguments.ts';
import { type BenchContext, type ParsedCommand } from '../robot-states/bench-command.ts';
import { countFlag } from '../robot-states/count-flag.ts';

export interface CheckpointOptions {
  readonly robots: number;
  readonly stateBytes: number;
  /** Of each share of changed robots. */
  readonly checkpoints: number;
  readonly intervalMs: number;
  readonly seed: number;
  /** `undefined`: ours alone. */
  readonly peersDir: string | undefined;
  readonly isQuick: boolean;
  readonly json: boolean;
}

/** Percent of the robots that change from one checkpoint to the next. */
export const changedPercents = [1, 10] as const;

export const checkpointHelp = `npm run bench:checkpoint -- [flags]

Changes 1 % and 10 % of all robots from one checkpoint to the next, at a steady rate, and takes the bytes that checkpoints
upload over the bytes that changed, for ours and for Flink (RocksDB, incremental) on the same events. And what folding
notices of ours: the time of a batch (of records, of a transaction, of a write of states) while a checkpoint is under way
over that without. Without the peers' folder ours runs alone.

  --robots N       robots, each with a state of --bytes; 1000000
  --bytes N        bytes of a state; 300
  --checkpoints N  of each share; 12, in which each compaction comes around
  --interval N     milliseconds from one checkpoint to the next; 5000
  --quick          60000 robots, 4 checkpoints: no limits but that everything was measured
  --ours           ours alone, though the peers are there
  --peers DIR      the peers' scripts; PEERS_DIR, or ../shared/peers beside the repository
  --seed N         of the states' bytes and the order of the robots; 1
  --json           progress to stderr, only the last line of figures to stdout
  --help

PEERS_HOME is where the peers build and download to, once, about 1 GB; ~/.cache/fleetstream/peers when it is not set.
A full run takes about seven minutes and 6 GB under the temporary folder, which it removes.
Exit code 0: all checks passed; 1: one did not; 2: wrong usage.`;

const flags = {
  robots: { type: 'string' },
  bytes: { type: 'string' },
  checkpoints: { type: 'string' },
  interval: { type: 'string' },
  seed: { type: 'string' },
  quick: { type: 'boolean' },
  ours: { type: 'boolean' },
  peers: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

type Count = 'robots' | 'bytes' | 'checkpoints' | 'interval' | 'seed';

export function parseCheckpointOptions(
  argv: readonly string[],
  { env, root }: Pick<BenchContext, 'env' | 'root'>,
): ParsedCommand<CheckpointOptions> {
  const read = readArguments(argv, flags);
  if (typeof read === 'string') return { kind: 'wrong', problems: [read] };
  const { values, positionals } = read;
  if (values.help === true) return { kind: 'help' };
  const problems = positionals.map((word) => `"${word}" is not a flag`);
  const count = (name: Count, fallback: number, least: number, most: number) =>
    countFlag(values[name], { name, fallback, least, most }, problems);
  const isQuick = values.quick === true;
  const options: CheckpointOptions = {
    robots: count('robots', isQuick ? 60_000 : 1_000_000, 1000, 9_999_999),
    stateBytes: count('bytes', 300, 100, 100_000),
    checkpoints: count('checkpoints', isQuick ? 4 : 12, 2, 1000),
    intervalMs: count('interval', isQuick ? 2000 : 5000, 500, 600_000),
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
