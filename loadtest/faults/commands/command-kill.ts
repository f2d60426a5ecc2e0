import { atLeast, type Check, exactly } from '../../check.ts';
import { type FaultRound, type Scenario, sumOf } from '../scenario.ts';
import { pointsOf } from './command-points.ts';
import { startCommandRounds } from './command-rounds.ts';
import { commandParts } from './command-stack.ts';
import { wrongFigures } from './judge-commands.ts';

/** So often who was to die at a point may miss it: what leads there may just not have happened. */
const missesMax = 3;
const roundsOfAll = 100;

export const commandKill: Scenario = {
  name: 'command-kill',
  summary: 'command services, processors and webhook pods killed while robots of every kind carry out commands',
  defaults: { rounds: roundsOfAll },
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
    ...checkWholeRun(rounds),
    exactly('pointsNeverReached', allPoints.filter((point) => isMissed(rounds, point)).length, 0),
  ],
};

const allPoints = commandParts.flatMap((part) => pointsOf[part].map((point) => `${part}.${point}`));

function isReached(rounds: readonly FaultRound[], point: string): boolean {
  return sumOf(rounds, `at:${point}`) > 0;
}

/** Whether nobody died there although somebody was to often enough. */
function isMissed(rounds: readonly FaultRound[], point: string): boolean {
  return sumOf(rounds, `armed:${point}`) > missesMax && !isReached(rounds, point);
}

/** In a whole run every point is one that somebody dies at; a short one can't promise any. */
function checkWholeRun(rounds: readonly FaultRound[]): Check[] {
  if (rounds.length < roundsOfAll) return [];
  return [atLeast('pointsReached', allPoints.filter((point) => isReached(rounds, point)).length, allPoints.length)];
}
