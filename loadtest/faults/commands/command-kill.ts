import { atLeast, exactly } from '../../check.ts';
import { type FaultRound, type Scenario, sumOf } from '../scenario.ts';
import { pointsOf } from './command-points.ts';
import { startCommandRounds } from './command-rounds.ts';
import { commandParts } from './command-stack.ts';
import { wrongFigures } from './judge-commands.ts';

/** So often who was to die at a point may miss it: what leads there may just not have happened. */
const missesMax = 3;

export const commandKill: Scenario = {
  name: 'command-kill',
  summary: 'command services, processors and webhook pods killed while robots of every kind carry out commands',
  defaults: { rounds: 100 },
  run: async (options, context, playRounds) => {
    const rounds = await startCommandRounds({ ...options, context });
    try {
      await playRounds((seed) => rounds.play(seed));
    } finally {
      await rounds.end();
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

/** Points at which nobody died, of those where somebody was to often enough; in 100 rounds these are all points. */
function countNeverReached(rounds: readonly FaultRound[]): number {
  const points = commandParts.flatMap((part) => pointsOf[part].map((point) => `${part}.${point}`));
  return points.filter((point) => sumOf(rounds, `armed:${point}`) > missesMax && sumOf(rounds, `at:${point}`) === 0)
    .length;
}
