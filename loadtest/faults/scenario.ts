import { type Check } from '../check.ts';

/** What `npm run faults` was asked for. */
export interface FaultOptions {
  readonly scenario: string;
  readonly rounds: number;
  /** Round `i` runs with `seed + i`, so a round that failed can be run alone. */
  readonly seed: number;
  /** Where `restore-from-minio` keeps its checkpoints. */
  readonly store: 'minio' | 'versitygw';
  /** How long a round of `local-chaos` runs, as `npm start -- --for` takes it. */
  readonly roundTime: string;
  readonly json: boolean;
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
  /** A few of everything wrong, for a person. */
  readonly examples: readonly string[];
}

/** A round that could be played to its end, well or not; one that couldn't has a `failure` instead of figures. */
export interface FaultRound extends PlayedRound {
  readonly seed: number;
  readonly seconds: number;
  readonly failure?: string;
}

/** A fault, and what must hold in spite of it. */
export interface Scenario {
  readonly name: string;
  readonly summary: string;
  /** Starts what all rounds share, and ends it when `playRounds` has returned. */
  run(
    options: FaultOptions,
    context: FaultContext,
    playRounds: (play: (seed: number) => Promise<PlayedRound>) => Promise<void>,
  ): Promise<void>;
  check(rounds: readonly FaultRound[]): readonly Check[];
}

/** Adds up one figure over all rounds. */
export function sumOf(rounds: readonly FaultRound[], figure: string): number {
  return rounds.reduce((sum, { figures }) => sum + (figures[figure] ?? 0), 0);
}

/** What the oracle counts, each of which must be 0. */
export const wrongs = ['lost', 'duplicated', 'altered', 'stateMismatches', 'outputMismatches'] as const;
