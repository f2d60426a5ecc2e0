import { setTimeout as sleep } from 'node:timers/promises';
import { atMost, exactly } from '../../check.ts';
import { sumOf } from '../scenario.ts';
import { largest } from '../stack/verified-rounds.ts';
import { definePodScenario } from './define-pod-scenario.ts';
import { podSlots } from './pod-stack.ts';

/** Of an answer while the log is away; the machine may be busy. */
const refusalMsMax = 2000;

export const kafkaBounce = definePodScenario({
  name: 'kafka-bounce',
  summary: 'the Kafka broker killed and started again under webhook pods: quick refusals, and no pod is restarted',
  rounds: 10,
  verifyEvery: 5,
  load: { robots: 64, eventsPerSecond: 600 },
  play: async (pods, { team, random }) => {
    await pods.acknowledged(100);
    await sleep(random() * 300);
    await team.stack.killBroker();
    let unready = 0;
    for (const slot of podSlots) {
      while (await pods.isReady(slot)) await sleep(20);
      unready += 1;
    }
    const startedMs = performance.now();
    const probe = await fetch(`${pods.podUrl(0)}/readyz`);
    await probe.arrayBuffer();
    const refusalMs = Math.round(performance.now() - startedMs);
    await team.stack.restartBroker();
    const downMs = performance.now();
    for (const slot of podSlots) await pods.ready(slot);
    await pods.acknowledged(100);
    return { bounces: 1, unready, refusalMs, recoveryMs: Math.round(performance.now() - downMs) };
  },
  check: (rounds) => [
    exactly('bounces', sumOf(rounds, 'bounces'), rounds.length),
    exactly('pods that said they are not ready', sumOf(rounds, 'unready'), rounds.length * podSlots.length),
    atMost('refusalMs', largest(rounds, 'refusalMs'), refusalMsMax),
  ],
});
