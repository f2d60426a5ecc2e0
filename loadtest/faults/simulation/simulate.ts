import { simulateLives } from '@fleetstream/stream-engine/testing';
import { atLeast, exactly } from '../../check.ts';
import { type Scenario, sumOf } from '../scenario.ts';

/** So many seeds are one round, so that progress is a line now and then. */
const seedsPerRound = 500;
const traceLinesTold = 200;
/** Each rung and each end of a process, in every round of all its seeds. */
const rungs = ['local', 'checkpoint', 'log'] as const;
const fates = ['dies', 'zombie', 'frozen', 'handsOver'] as const;

/** Here `--rounds` are seeds: what is asked for is how many lives are simulated. */
export const simulate: Scenario = {
  name: 'simulate',
  summary: 'the engine on a log, store, disk and clock in memory, faults between every two awaits; --rounds are seeds',
  defaults: { rounds: 10_000 },
  countRounds: (seeds) => Math.ceil(seeds / seedsPerRound),
  run: async (options, context, playRounds) => {
    await playRounds(async (_seed, index) => {
      const from = index * seedsPerRound;
      const count = Math.min(seedsPerRound, options.rounds - from);
      const round = await simulateSeeds(options.seed + from, count);
      for (const seed of round.wrong.slice(0, 3)) await tell(seed, context.say);
      const { figures, wrong, examples } = round;
      return {
        figures: { fromSeed: options.seed + from, ...figures, seeds: count, seedsWrong: wrong.length },
        examples,
      };
    });
  },
  check: (rounds) => [
    exactly('seedsWrong', sumOf(rounds, 'seedsWrong'), 0),
    ...rungs.map((rung) => atLeast(`openedFrom_${rung}`, sumOf(rounds, `opened from ${rung}`), 1)),
    ...fates.map((fate) => atLeast(`processes_${fate}`, sumOf(rounds, fate), 1)),
  ],
};

async function simulateSeeds(from: number, count: number) {
  const wrong: number[] = [];
  const examples: string[] = [];
  const figures: Record<string, number> = { records: 0 };
  for (let seed = from; seed < from + count; seed += 1) {
    const { violations, counts, records } = await simulateLives({ seed });
    figures['records'] = (figures['records'] ?? 0) + records;
    for (const [what, times] of counts) figures[what] = (figures[what] ?? 0) + times;
    if (violations.length === 0) continue;
    wrong.push(seed);
    if (examples.length < 5) examples.push(`seed ${seed}: ${violations.join('; ')}`);
  }
  return { wrong, examples, figures };
}

/** Plays a seed again and says what each process did. */
async function tell(seed: number, say: (line: string) => void): Promise<void> {
  const { violations, trace } = await simulateLives({ seed, traced: true });
  say(`seed ${seed}: ${violations.join('; ')}; the last of ${trace.length} steps:`);
  for (const line of trace.slice(-traceLinesTold)) say(`  ${line}`);
}
