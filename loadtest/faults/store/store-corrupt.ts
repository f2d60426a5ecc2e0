import { atLeast, exactly } from '../../check.ts';
import { createRandom } from '../../fleet/seeded-random.ts';
import { type Scenario, sumOf } from '../scenario.ts';
import { createCheckpointedHistory } from './checkpointed-history.ts';
import { damages, objectClasses } from './damage-objects.ts';

/** Every class of object times every damage, once in each round, on a new history of checkpoints. */
export const storeCorrupt: Scenario = {
  name: 'store-corrupt',
  summary: `each class of stored object (${objectClasses.join(', ')}) damaged in each way (${damages.join(', ')})`,
  defaults: { rounds: 20 },
  run: async (_options, _context, playRounds) => {
    await playRounds(async (seed) => {
      const history = await createCheckpointedHistory(seed);
      const figures = { cases: 0, undetected: 0, notRecovered: 0, fromOlder: 0, fromLog: 0 };
      const examples: string[] = [];
      try {
        for (const objectClass of objectClasses) {
          for (const damage of damages) {
            const random = createRandom(seed, `${objectClass}/${damage}`);
            const outcome = await history.damageAndRecover({ objectClass, damage, random });
            figures.cases += 1;
            if (!outcome.detected) figures.undetected += 1;
            if (outcome.differences.length > 0) figures.notRecovered += 1;
            if (outcome.restoredOffset === undefined) figures.fromLog += 1;
            else figures.fromOlder += 1;
            if (!outcome.detected || outcome.differences.length > 0) {
              examples.push(`${objectClass}, ${damage}: ${outcome.told}; ${outcome.differences.join('; ')}`);
            }
          }
        }
        return { figures, examples: examples.slice(0, 10) };
      } finally {
        await history.remove();
      }
    });
  },
  check: (rounds) => [
    exactly('cases', sumOf(rounds, 'cases'), rounds.length * objectClasses.length * damages.length),
    exactly('undetected', sumOf(rounds, 'undetected'), 0),
    exactly('notRecovered', sumOf(rounds, 'notRecovered'), 0),
    // Both ways of coming back were taken.
    atLeast('fromOlder', sumOf(rounds, 'fromOlder'), rounds.length),
    atLeast('fromLog', sumOf(rounds, 'fromLog'), 1),
  ],
};
