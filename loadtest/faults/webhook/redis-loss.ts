import { setTimeout as sleep } from 'node:timers/promises';
import { exactly } from '../../check.ts';
import { sumOf } from '../scenario.ts';
import { definePodScenario } from './define-pod-scenario.ts';
import { podSlots } from './pod-stack.ts';

export const redisLoss = definePodScenario({
  name: 'redis-loss',
  summary: 'Redis killed with all it remembers and started again: pods stay ready, nothing is lost or counted twice',
  rounds: 10,
  verifyEvery: 5,
  load: { robots: 64, eventsPerSecond: 600 },
  play: async (pods, { random }) => {
    await pods.acknowledged(100);
    await sleep(random() * 300);
    await pods.killRedis();
    // Nobody waits for it: events are accepted as before.
    await pods.acknowledged(200);
    let ready = 0;
    for (const slot of podSlots) if (await pods.isReady(slot)) ready += 1;
    await pods.restartRedis();
    await pods.acknowledged(200);
    return { losses: 1, ready };
  },
  check: (rounds) => [
    exactly('losses', sumOf(rounds, 'losses'), rounds.length),
    exactly('pods that stayed ready', sumOf(rounds, 'ready'), rounds.length * podSlots.length),
  ],
});
