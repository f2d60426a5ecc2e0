import { type FaultContext, type FaultOptions, type PlayedRound } from '../scenario.ts';
import { castRobots } from './command-robots.ts';
import { startCommandStack } from './command-stack.ts';
import { wrongFigures } from './judge-commands.ts';
import { playCommandRound } from './play-command-round.ts';
import { ToldCommands } from './told-commands.ts';

export interface CommandRoundsOptions extends Pick<FaultOptions, 'seed' | 'rounds' | 'keep'> {
  readonly context: FaultContext;
  /** See `planted-delivery-bugs.ts`. */
  readonly plantedBug?: string;
}

/** A stack and the rounds that are played on it, one after the other. */
export interface CommandRounds {
  play(seed: number): Promise<PlayedRound>;
  /** Ends everything; what is left of rounds that were not right is kept. */
  end(): Promise<void>;
}

export async function startCommandRounds(options: CommandRoundsOptions): Promise<CommandRounds> {
  const { seed: first, rounds, context, plantedBug } = options;
  const stamp = Date.now().toString(36);
  const runOf = (seed: number) => `${seed}-${stamp}`;
  // The robots of all rounds are listed at once: a list that lost most of its robots would not be believed.
  const robots = Array.from({ length: rounds }, (_, index) => castRobots(runOf(first + index))).flat();
  const stack = await startCommandStack({
    context,
    robots,
    brisk: true,
    ...(plantedBug !== undefined && { plantedBug }),
  });
  const told = new ToldCommands(stack.kafka);
  let kept = options.keep;
  return {
    play: async (seed) => {
      try {
        const played = await playCommandRound(stack, told, { seed, run: runOf(seed) }, context);
        kept ||= isWrong(played) && plantedBug === undefined;
        return played;
      } catch (thrown) {
        kept = true;
        throw thrown;
      }
    },
    end: () => stack.end(kept),
  };
}

/** Whether anything came out that must not. */
function isWrong({ figures }: PlayedRound): boolean {
  return wrongFigures.some((name) => figures[name] !== 0);
}
