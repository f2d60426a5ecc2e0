import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@fleetstream/kernel';
import { kafkaApi, type HeldRequest } from '@fleetstream/testing';
import { atLeast, exactly } from '../../check.ts';
import { sumOf } from '../scenario.ts';
import { defineStackScenario } from '../stack/stack-scenario.ts';

/** From this version on a response header ends with its tagged fields. */
const flexibleFrom = 3;

/**
 * The end of a transaction that arrives late: after its sender was cut off or killed, and has begun the next one or
 * hasn't. Without an epoch of its own for each attempt it would end the transaction after its own (KIP-890).
 */
export const delayedEndTxn = defineStackScenario({
  name: 'delayed-end-txn',
  summary: 'the request that ends a transaction held back, and let through after its sender was cut off or killed',
  defaults: { rounds: 20 },
  slots: [0, 1],
  verifyEvery: 10,
  stack: () => ({ proxied: true }),
  play: async ({ team, random }) => {
    const { stack } = team;
    if (stack.proxy === undefined) throw new AppError('FS_INTERNAL', 'The stack has no proxy');
    await sleep(random() * 500);
    const held = await stack.proxy.holdNext(({ apiKey }) => apiKey === kafkaApi.endTxn);
    const before = await stack.committed();
    const kill = random() < 0.3;
    held.cutClient();
    if (kill) await team.kill(random() < 0.5 ? 0 : 1);
    const late = random() < 0.6;
    // Late: behind the transactions of whoever opened the partition next, in the middle of one that is open now.
    if (late) await Promise.all([team.ensure([0, 1]), stack.progressed(before)]);
    await sleep(random() * 300);
    const answer = await release(held);
    await team.ensure([0, 1]);
    await stack.progressed(await stack.committed());
    return {
      held: 1,
      late: late ? 1 : 0,
      lateTaken: late && answer === 'taken' ? 1 : 0,
      refused: answer === 'refused' ? 1 : 0,
    };
  },
  check: (rounds) => [
    atLeast('held', sumOf(rounds, 'held'), rounds.length),
    exactly('lateTaken', sumOf(rounds, 'lateTaken'), 0),
  ],
});

async function release(held: HeldRequest): Promise<'taken' | 'refused' | 'gone'> {
  try {
    const answer = await held.release();
    const code = answer.readInt16BE(held.request.apiVersion >= flexibleFrom ? 5 : 4);
    return code === 0 ? 'taken' : 'refused';
  } catch {
    // Its connection to the broker ended with its sender.
    return 'gone';
  }
}
