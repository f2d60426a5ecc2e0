import { plantedBugs, simulateLives } from '@fleetstream/stream-engine/testing';
import { atLeast, exactly } from '../../check.ts';
import { type Scenario, sumOf } from '../scenario.ts';

const seedsMax = 3000;

/** Each bug is one round: planted in the engine or under it, then looked for with one seed after another. */
export const plantedBugsScenario: Scenario = {
  name: 'planted-bugs',
  summary: `${plantedBugs.length} errors planted on purpose: the simulation has to find every one of them`,
  countRounds: (rounds) => rounds * plantedBugs.length,
  run: async (options, _context, playRounds) => {
    await playRounds(async (_seed, index) => {
      const bug = plantedBugs[index % plantedBugs.length];
      if (bug === undefined) return { figures: {}, examples: [] };
      for (let tried = 1; tried <= seedsMax; tried += 1) {
        const { violations } = await simulateLives({ seed: options.seed + tried - 1, bug });
        if (violations.length === 0) continue;
        return { figures: { found: 1, seedsTried: tried }, examples: [`${bug.name}: ${violations[0] ?? ''}`] };
      }
      return { figures: { found: 0, seedsTried: seedsMax }, examples: [`${bug.name} was NOT found: ${bug.summary}`] };
    });
  },
  check: (rounds) => [
    atLeast('bugsPlanted', rounds.length, 12),
    exactly('bugsMissed', rounds.length - sumOf(rounds, 'found'), 0),
  ],
};
