import { exactly } from '../../check.ts';
import { type FaultContext, type FaultOptions, type PlayedRound, type Scenario, sumOf } from '../scenario.ts';
import { startCommandRounds } from './command-rounds.ts';
import { plantedDeliveryBugs } from './planted-delivery-bugs.ts';

/** Each bug is one round: planted in the command service, then looked for by rounds of `command-kill`. */
export const commandPlantedBugs: Scenario = {
  name: 'command-planted-bugs',
  summary: `${plantedDeliveryBugs.length} errors planted in the command service: command-kill has to find each within --rounds`,
  defaults: { rounds: 6 },
  countRounds: () => plantedDeliveryBugs.length,
  run: async (options, context, playRounds) => {
    await playRounds((_seed, index) => findBug(plantedDeliveryBugs[index] ?? '', options, context));
  },
  check: (rounds) => [exactly('bugsMissed', rounds.length - sumOf(rounds, 'found'), 0)],
};

async function findBug(plantedBug: string, options: FaultOptions, context: FaultContext): Promise<PlayedRound> {
  const rounds = await startCommandRounds({ ...options, context, plantedBug });
  try {
    for (let played = 1; played <= options.rounds; played += 1) {
      const { figures, examples } = await rounds.play(options.seed + played - 1);
      // What a robot did proves it; what has not ended in time may only be slow.
      const { mismatches = 0, overtaken = 0 } = figures;
      if (mismatches + overtaken === 0) continue;
      return { figures: { found: 1, played, mismatches, overtaken }, examples: examples.map(name) };
    }
    return { figures: { found: 0, played: options.rounds }, examples: [name('was NOT found')] };
  } finally {
    await rounds.end();
  }

  function name(what: string): string {
    return `${plantedBug}: ${what}`;
  }
}
