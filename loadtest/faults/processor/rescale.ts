import { setTimeout as sleep } from 'node:timers/promises';
import { exactly } from '../../check.ts';
import { type Scenario, sumOf } from '../scenario.ts';
import { defineStackScenario } from '../stack/stack-scenario.ts';

/** A walk over the sizes 1 to 4 that takes every ordered pair of two different ones exactly once, and ends where it began. */
const rescaleWalk = [1, 2, 1, 3, 1, 4, 2, 3, 2, 4, 3, 4, 1] as const;
/** A member that is killed is missed after its session; both ways of leaving are wanted. */
const killedShare = 0.3;

/** @param walk sizes one after the other; each step is a round */
export function defineRescale(walk: readonly number[]): Scenario {
  const steps = walk.length - 1;
  return defineStackScenario({
    name: 'rescale',
    summary: 'the number of processors changed under load, every ordered pair of 1, 2, 3 and 4',
    countRounds: (rounds) => rounds * steps,
    slots: [],
    verifyEvery: steps,
    play: async ({ team, index, random }) => {
      const { stack } = team;
      const from = walk[index % steps] ?? 1;
      const to = walk[(index % steps) + 1] ?? 1;
      await team.ensure(slotsOf(from));
      await sleep(random() * 500);
      const before = await stack.committed();
      const startedMs = performance.now();
      for (let slot = from; slot > to; slot -= 1) {
        if (random() < killedShare) await team.kill(slot - 1);
        else await team.end(slot - 1);
      }
      await team.ensure(slotsOf(to));
      await stack.progressed(before);
      return { from, to, changedMs: Math.round(performance.now() - startedMs), changes: 1 };
    },
    check: (rounds) => [exactly('changes', sumOf(rounds, 'changes'), rounds.length)],
  });
}

export const rescale = defineRescale(rescaleWalk);

function slotsOf(size: number): number[] {
  return Array.from({ length: size }, (_, slot) => slot);
}
