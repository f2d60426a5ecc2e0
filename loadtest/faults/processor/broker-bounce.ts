import { setTimeout as sleep } from 'node:timers/promises';
import { exactly } from '../../check.ts';
import { sumOf } from '../scenario.ts';
import { defineStackScenario } from '../stack/stack-scenario.ts';

/** The log itself dies and comes back, under processors and senders. */
export const brokerBounce = defineStackScenario({
  name: 'broker-bounce',
  summary: 'the Kafka broker killed with SIGKILL and started again, under two processors and a stream of records',
  defaults: { rounds: 20 },
  slots: [0, 1],
  verifyEvery: 10,
  play: async ({ team, random }) => {
    const { stack } = team;
    await sleep(random() * 1000);
    const before = await stack.committed();
    const repeatedBefore = stack.traffic.repeatedSends;
    await stack.killBroker();
    const downMs = random() * 1500;
    await sleep(downMs);
    await stack.restartBroker();
    const recoveryMs = await stack.progressed(before);
    const repeatedSends = stack.traffic.repeatedSends - repeatedBefore;
    return { bounces: 1, downMs: Math.round(downMs), recoveryMs: Math.round(recoveryMs), repeatedSends };
  },
  check: (rounds) => [exactly('bounces', sumOf(rounds, 'bounces'), rounds.length)],
});
