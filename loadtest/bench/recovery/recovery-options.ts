import { type BenchContext, type ParsedCommand } from '../robot-states/bench-command.ts';
import { parseStateBench, type StateBenchOptions } from '../robot-states/state-bench-options.ts';

export interface RecoveryOptions extends StateBenchOptions {
  readonly rounds: number;
  readonly eventsPerSecond: number;
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

export function parseRecoveryOptions(
  argv: readonly string[],
  context: Pick<BenchContext, 'env' | 'root'>,
): ParsedCommand<RecoveryOptions> {
  const parsed = parseStateBench<'rounds' | 'rate'>(argv, context, {
    rounds: { fallback: 3, quick: 1, least: 1, most: 100 },
    robots: { fallback: 1024 * 1024, quick: 40_000, least: 1000, most: 9_999_999 },
    bytes: { fallback: 1024, quick: 1024, least: 100, most: 100_000 },
    rate: { fallback: 1000, quick: 1000, least: 100, most: 50_000 },
  });
  if (parsed.kind !== 'run') return parsed;
  const { counts, ...shared } = parsed.options;
  return { kind: 'run', options: { ...shared, rounds: counts.rounds, eventsPerSecond: counts.rate } };
}
