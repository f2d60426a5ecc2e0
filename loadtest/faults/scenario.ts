import { type Check } from '../check.ts';

/** What `npm run faults` was asked for. */
export interface FaultOptions {
  readonly scenario: string;
  readonly rounds: number;
  /** Round `i` runs with `seed + i`, so a round that failed can be run alone. */
  readonly seed: number;
  /** Where `restore-from-minio` keeps its checkpoints. */
  readonly store: 'minio' | 'versitygw';
  /** How long a round runs, where the scenario goes by time: `60s`, `5m`, `2h`. */
  readonly roundTime: string;
  readonly json: boolean;
  /** Keep what a run wrote, also when all was right. */
  readonly keep: boolean;
}

export interface FaultContext {
  readonly root: string;
  /** The Node binary that runs us, which is the one that runs TypeScript. */
  readonly nodeFile: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly say: (line: string) => void;
  /** Ends the round under way, and everything it started. */
  readonly stop: AbortSignal;
}

export type RoundFigures = Readonly<Record<string, number>>;

/** What came of a round that could be played to its end. */
export interface PlayedRound {
  readonly figures: RoundFigures;
  /** What was sampled while it ran, for who wants to see its course. */
  readonly series?: Readonly<Record<string, readonly number[]>>;
  /** A few of everything wrong, for a person. */
  readonly examples: readonly string[];
}

/** A round that could be played to its end, well or not; one that couldn't has a `failure` instead of figures. */
export interface FaultRound extends PlayedRound {
  readonly seed: number;
  readonly seconds: number;
  readonly failure?: string;
}

/** Plays every round, the first with index 0. */
export type PlayRounds = (play: (seed: number, index: number) => Promise<PlayedRound>) => Promise<void>;

/** A fault, and what must hold in spite of it. */
export interface Scenario {
  readonly name: string;
  readonly summary: string;
  /** What is played when the command line doesn't say; 1 round of 60s. */
  readonly defaults?: { readonly rounds?: number; readonly roundTime?: string };
  /** How many rounds are played when `rounds` are asked for, where each is played at several places. */
  readonly countRounds?: (rounds: number) => number;
  /** Starts what all rounds share, and ends it when `playRounds` has returned. */
  run(options: FaultOptions, context: FaultContext, playRounds: PlayRounds): Promise<void>;
  check(rounds: readonly FaultRound[]): readonly Check[];
}

/** Adds up one figure over all rounds. */
export function sumOf(rounds: readonly FaultRound[], figure: string): number {
  return rounds.reduce((sum, { figures }) => sum + (figures[figure] ?? 0), 0);
}

/** What the oracle counts, each of which must be 0. */
export const wrongs = ['lost', 'duplicated', 'altered', 'stateMismatches', 'outputMismatches'] as const;
