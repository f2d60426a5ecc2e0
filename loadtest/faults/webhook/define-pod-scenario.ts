import { type Check, exactly } from '../../check.ts';
import { type FaultRound, type RoundFigures, type Scenario, sumOf } from '../scenario.ts';
import { defineStackScenario, type StackRound } from '../stack/stack-scenario.ts';
import { createPodStack, type PodStack, podSlots, type PodStackOptions } from './pod-stack.ts';

export interface PodScenarioSpec {
  readonly name: string;
  readonly summary: string;
  readonly rounds: number;
  readonly verifyEvery: number;
  readonly load: Pick<PodStackOptions, 'robots' | 'eventsPerSecond' | 'environment'>;
  /** One round, with both pods ready and robots sending. */
  play(pods: PodStack, round: StackRound): Promise<RoundFigures>;
  readonly check?: (rounds: readonly FaultRound[]) => readonly Check[];
}

/** A scenario of webhook pods, on one stack for all its rounds; the oracle compares what robots were told and the states. */
export function definePodScenario(spec: PodScenarioSpec): Scenario {
  const { name, summary, rounds, verifyEvery, load } = spec;
  // A command plays one scenario once, so one stack at a time is there.
  const current: { pods?: PodStack } = {};
  return defineStackScenario({
    ...{ name, summary, verifyEvery, defaults: { rounds }, slots: [0] },
    stack: async ({ seed }, context) => {
      current.pods = await createPodStack({ seed, context, ...load });
      return current.pods.pieces;
    },
    play: async (round) => {
      const { pods } = current;
      if (pods === undefined) return {};
      for (const slot of podSlots) await pods.ready(slot);
      const before = { lost: pods.traffic().lostAnswers(), rejected: countRejected(pods) };
      const figures = await spec.play(pods, round);
      const lostAnswers = pods.traffic().lostAnswers() - before.lost;
      return { ...figures, lostAnswers, rejected: countRejected(pods) - before.rejected };
    },
    check: (played) => [exactly('rejected', sumOf(played, 'rejected'), 0), ...(spec.check?.(played) ?? [])],
  });
}

function countRejected(pods: PodStack): number {
  return [...pods.traffic().rejected().values()].reduce((sum, count) => sum + count, 0);
}

/** The smallest of a figure over all rounds; `undefined` when no round has it. */
export function smallest(rounds: readonly FaultRound[], figure: string): number | undefined {
  const values = rounds.flatMap(({ figures }) => figures[figure] ?? []);
  return values.length === 0 ? undefined : Math.min(...values);
}
