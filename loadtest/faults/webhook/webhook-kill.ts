import { setTimeout as sleep } from 'node:timers/promises';
import { atLeast, exactly } from '../../check.ts';
import { sumOf } from '../scenario.ts';
import { definePodScenario, smallest } from './define-pod-scenario.ts';
import { podSlots } from './pod-stack.ts';

/** Of both pods together: the gateway shares them out evenly. */
const inFlightMin = 32 * podSlots.length;

export const webhookKill = definePodScenario({
  name: 'webhook-kill',
  summary: 'a webhook pod killed with SIGKILL while dozens of requests are under way in it',
  rounds: 50,
  verifyEvery: 10,
  load: { robots: 128, eventsPerSecond: 1200 },
  play: async (pods, { index, random }) => {
    const slot = podSlots[index % podSlots.length] ?? 0;
    await pods.acknowledged(100);
    await sleep(random() * 300);
    while (pods.traffic().inFlight() < inFlightMin) await sleep(1);
    const inFlight = pods.traffic().inFlight();
    await pods.killPod(slot);
    // The other one carries on alone for a while.
    await pods.acknowledged(50);
    await pods.startPod(slot);
    await pods.ready(slot);
    return { kills: 1, inFlight };
  },
  check: (rounds) => [
    exactly('kills', sumOf(rounds, 'kills'), rounds.length),
    atLeast('inFlight at a kill', smallest(rounds, 'inFlight'), inFlightMin),
  ],
});
