import { atLeast, exactly } from '../../check.ts';
import { type FaultRound, type Scenario, sumOf } from '../scenario.ts';
import { pointsOf } from './command-points.ts';
import { castRobots } from './command-robots.ts';
import { commandParts, startCommandStack } from './command-stack.ts';
import { wrongFigures } from './judge-commands.ts';
import { playCommandRound } from './play-command-round.ts';
import { ToldCommands } from './told-commands.ts';

/** So often a point may be missed by who was to die there: what it waits for may just not have happened. */
const missesMax = 3;

export const commandKill: Scenario = {
  name: 'command-kill',
  summary: 'command services, processors and webhook pods killed while robots of every kind carry out commands',
  defaults: { rounds: 100 },
  run: async (options, context, playRounds) => {
    const stamp = Date.now().toString(36);
    const runOf = (seed: number) => `${seed}-${stamp}`;
    const seeds = Array.from({ length: options.rounds }, (_, index) => options.seed + index);
    const stack = await startCommandStack({ context, robots: seeds.flatMap((seed) => castRobots(runOf(seed))) });
    const told = new ToldCommands(stack.kafka);
    let kept = options.keep;
    try {
      await playRounds(async (seed) => {
        try {
          const played = await playCommandRound(stack, told, { seed, run: runOf(seed) }, context);
          kept ||= wrongFigures.some((name) => played.figures[name] !== 0);
          return played;
        } catch (thrown) {
          kept = true;
          throw thrown;
        }
      });
    } finally {
      await stack.end(kept);
    }
  },
  check: (rounds) => [
    ...wrongFigures.map((name) => exactly(name, sumOf(rounds, name), 0)),
    atLeast('kills', sumOf(rounds, 'kills'), rounds.length * 3),
    atLeast('commands', sumOf(rounds, 'commands'), rounds.length * 40),
    atLeast('pushed', sumOf(rounds, 'pushed'), rounds.length * 3),
    exactly('pointsNeverReached', countNeverReached(rounds), 0),
  ],
};

/** Points at which nobody died, of those where somebody was to often enough; in many rounds these are all points. */
function countNeverReached(rounds: readonly FaultRound[]): number {
  const points = commandParts.flatMap((part) => pointsOf[part].map((point) => `${part}.${point}`));
  return points.filter((point) => sumOf(rounds, `armed:${point}`) > missesMax && sumOf(rounds, `at:${point}`) === 0)
    .length;
}
