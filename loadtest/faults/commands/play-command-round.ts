import { setTimeout as sleep } from 'node:timers/promises';
import { isSettled } from '@fleetstream/contracts';
import { createRandom } from '../../fleet/seeded-random.ts';
import { type FaultContext, type PlayedRound } from '../scenario.ts';
import { sendCommands, type TakenCommand } from './command-operator.ts';
import { castRobots, startCommandRobots } from './command-robots.ts';
import { type CommandStack } from './command-stack.ts';
import { hasEnded, judgeCommands } from './judge-commands.ts';
import { killParts } from './kill-parts.ts';
import { type ToldCommands } from './told-commands.ts';

export interface CommandRound {
  readonly seed: number;
  /** Goes into the ids of its robots. */
  readonly run: string;
}

const commandsPerRound = 60;
const everyMs = 45;
const settleWithinMs = 90_000;
const lookEveryMs = 200;

export async function playCommandRound(
  stack: CommandStack,
  told: ToldCommands,
  { seed, run }: CommandRound,
  context: FaultContext,
): Promise<PlayedRound> {
  await stack.ready();
  told.clear();
  const cast = castRobots(run);
  const before = stack.callbacks.figures();
  const startedMs = performance.now();
  const robots = startCommandRobots(stack, cast, { seed, run });
  try {
    const options = { count: commandsPerRound, everyMs, random: createRandom(seed, 'operator') };
    const sent = sendCommands(stack, cast, options);
    const [taken, kills] = await Promise.all([
      sent,
      killParts(stack, { seed, random: createRandom(seed, 'kills'), sent }),
    ]);
    const sentMs = performance.now() - startedMs;
    await settle(told, taken, context);
    const settleMs = performance.now() - startedMs - sentMs;
    const { journal } = robots;
    const { figures, examples } = judgeCommands({ robots: cast, journal, told, taken });
    const ids = new Set(cast.map(({ robotId }) => robotId));
    await robots.confess([...told.of(ids)].map(({ last }) => last).filter(({ status }) => !isSettled(status)));
    const after = stack.callbacks.figures();
    return {
      figures: {
        ...figures,
        ...kills,
        pushed: after.pushed - before.pushed,
        pushesTroubled: after.pushesTroubled - before.pushesTroubled,
        pushesForged: after.pushesForged - before.pushesForged,
        ...{ sentMs: Math.round(sentMs), settleMs: Math.round(settleMs) },
      },
      examples,
    };
  } finally {
    await robots.stop();
  }
}

/** Waits until nothing moves any more that can. */
async function settle(told: ToldCommands, taken: readonly TakenCommand[], { stop }: FaultContext): Promise<void> {
  const startedMs = performance.now();
  while (!stop.aborted && performance.now() - startedMs < settleWithinMs) {
    // A broker that is too slow to answer once is asked again: only what the log says in the end counts.
    const isRead = await told.read().then(
      () => true,
      () => false,
    );
    if (isRead && taken.every((command) => hasEnded(told.get(command.commandId), command))) return;
    await sleep(lookEveryMs);
  }
}
