import { type BenchContext, type ParsedCommand } from '../robot-states/bench-command.ts';
import { parseStateBench, type StateBenchOptions } from '../robot-states/state-bench-options.ts';

export interface CheckpointOptions extends StateBenchOptions {
  /** Of each share of changed robots. */
  readonly checkpoints: number;
  readonly intervalMs: number;
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

export function parseCheckpointOptions(
  argv: readonly string[],
  context: Pick<BenchContext, 'env' | 'root'>,
): ParsedCommand<CheckpointOptions> {
  const parsed = parseStateBench<'checkpoints' | 'interval'>(argv, context, {
    robots: { fallback: 1_000_000, quick: 60_000, least: 1000, most: 9_999_999 },
    bytes: { fallback: 300, quick: 300, least: 100, most: 100_000 },
    checkpoints: { fallback: 12, quick: 4, least: 2, most: 1000 },
    interval: { fallback: 5000, quick: 2000, least: 500, most: 600_000 },
  });
  if (parsed.kind !== 'run') return parsed;
  const { counts, ...shared } = parsed.options;
  return { kind: 'run', options: { ...shared, checkpoints: counts.checkpoints, intervalMs: counts.interval } };
}
