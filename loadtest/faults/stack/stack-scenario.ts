import { type Check } from '../../check.ts';
import { createRandom, type Random } from '../../fleet/seeded-random.ts';
import {
  type FaultContext,
  type FaultOptions,
  type FaultRound,
  type RoundFigures,
  type Scenario,
} from '../scenario.ts';
import { type SpawnOptions } from './fault-stack.ts';
import { createFaultTeam, type FaultTeam } from './fault-team.ts';
import { type FaultStackOptions, startFaultStack } from './fault-stack.ts';
import { checkVerified, isRight } from './verified-rounds.ts';

export interface StackRound {
  readonly team: FaultTeam;
  readonly seed: number;
  readonly index: number;
  /** Of this round alone. */
  readonly random: Random;
  readonly options: FaultOptions;
  readonly context: FaultContext;
  /** Told with the round's figures, in the JSON line alone. */
  readonly series: Record<string, readonly number[]>;
}

export interface StackScenarioSpec {
  readonly name: string;
  readonly summary: string;
  readonly defaults?: Scenario['defaults'];
  readonly countRounds?: Scenario['countRounds'];
  /** Processors that run at the beginning of each round. */
  readonly slots: readonly number[];
  /** Those that the oracle is asked of; the same when left out. */
  readonly slotsAtEnd?: readonly number[];
  readonly processors?: SpawnOptions;
  /** The oracle is asked after so many rounds, and at the end. */
  readonly verifyEvery: number;
  readonly stack?: (options: FaultOptions, context: FaultContext) => Promise<StackPieces> | StackPieces;
  /** One round, with the traffic flowing; what it leaves running is its own to choose. */
  play(round: StackRound): Promise<RoundFigures>;
  readonly check?: (rounds: readonly FaultRound[]) => readonly Check[];
}

export interface StackPieces extends Partial<FaultStackOptions> {
  /** Ends what was started for the stack beside it. */
  readonly end?: () => Promise<void>;
}

/** A scenario on one stack that is kept over all rounds. */
export function defineStackScenario(spec: StackScenarioSpec): Scenario {
  const { name, summary, defaults, countRounds } = spec;
  return {
    ...{ name, summary },
    ...(defaults === undefined ? {} : { defaults }),
    ...(countRounds === undefined ? {} : { countRounds }),
    run: async (options, context, playRounds) => {
      const { end, ...pieces } = (await spec.stack?.(options, context)) ?? {};
      const stack = await startFaultStack({ name, seed: options.seed, context, ...pieces });
      const team = createFaultTeam(stack, spec.processors);
      const last = (countRounds?.(options.rounds) ?? options.rounds) - 1;
      const kept = { wrong: options.keep };
      try {
        await playRounds(async (seed, index) => {
          try {
            stack.traffic.resume();
            await team.ensure(spec.slots);
            const random = createRandom(seed, name);
            const series: StackRound['series'] = {};
            const told = await spec.play({ team, seed, index, random, options, context, series });
            const round = { figures: told, ...(Object.keys(series).length === 0 ? {} : { series }) };
            if (index !== last && (index + 1) % spec.verifyEvery !== 0) return { ...round, examples: [] };
            await team.ensure(spec.slotsAtEnd ?? spec.slots);
            const verified = await team.verify();
            kept.wrong ||= !isRight(verified);
            return { ...round, figures: { ...told, ...verified.figures }, examples: verified.examples };
          } catch (thrown) {
            kept.wrong = true;
            throw thrown;
          }
        });
      } finally {
        await stack.end(kept.wrong);
        await end?.();
      }
    },
    check: (rounds) => [...checkVerified(rounds), ...(spec.check?.(rounds) ?? [])],
  };
}
