import { countFlag } from '../../count-flag.ts';
import { readArguments } from '../../read-arguments.ts';

export interface ProcessorBenchOptions {
  readonly rounds: number;
  readonly events: number;
  readonly robots: number;
  /** Folder of the peers' scripts. */
  readonly peersDir: string;
  readonly onlyOurs: boolean;
  readonly json: boolean;
  /** Where our processes leave CPU profiles. */
  readonly profileDir: string | undefined;
}

export type ParsedBench =
  | { readonly kind: 'run'; readonly options: ProcessorBenchOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly problems: readonly string[] };

export const processorBenchHelp = `npm run bench:processor -- [flags]

Folds the workload of the peers (../shared/peers) with our engine, Kafka Streams exactly-once and Flink on RocksDB, in
turns, over one topic of one broker that it starts itself. Without the peers' folder ours runs alone.

  --rounds N     runs of each; 3
  --events N     events in the topic; 1000000
  --robots N     robots among them; 100000
  --quick        one round of 200000 events: right outputs alone are checked, no limit of cost
  --ours         ours alone, though the peers are there
  --peers DIR    the peers' scripts; PEERS_DIR, or ../shared/peers beside the repository
  --profile DIR  our processes leave .cpuprofile files there
  --json         progress to stderr, only the last line of figures to stdout
  --help

PEERS_HOME is where the peers build and download to, once, about 1 GB; ~/.cache/fleetstream/peers when it is not set.
Exit code 0: all checks passed; 1: one did not; 2: wrong usage.`;

const flags = {
  rounds: { type: 'string' },
  events: { type: 'string' },
  robots: { type: 'string' },
  quick: { type: 'boolean' },
  ours: { type: 'boolean' },
  peers: { type: 'string' },
  profile: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

/** @param defaultPeersDir where the peers are when no flag says so */
export function parseProcessorBench(argv: readonly string[], defaultPeersDir: string): ParsedBench {
  const read = readArguments(argv, flags);
  if (typeof read === 'string') return { kind: 'wrong', problems: [read] };
  const { values, positionals } = read;
  if (values.help === true) return { kind: 'help' };
  const problems = positionals.map((word) => `"${word}" is not a flag`);
  const count = (name: 'rounds' | 'events' | 'robots', fallback: number, most: number) =>
    countFlag(values[name], { name, fallback, least: 1, most }, problems);
  const quick = values.quick === true;
  const options: ProcessorBenchOptions = {
    rounds: count('rounds', quick ? 1 : 3, 100),
    events: count('events', quick ? 200_000 : 1_000_000, 4_000_000),
    robots: count('robots', 100_000, 1_000_000),
    peersDir: values.peers ?? defaultPeersDir,
    onlyOurs: values.ours === true,
    json: values.json === true,
    profileDir: values.profile,
  };
  return problems.length > 0 ? { kind: 'wrong', problems } : { kind: 'run', options };
}
