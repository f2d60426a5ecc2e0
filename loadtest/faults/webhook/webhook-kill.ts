import { setTimeout as sleep } from 'node:timers/promises';
import { atLeast, exactly } from '../../check.ts';
import { sumOf } from '../scenario.ts';
import { definePodScenario, smallest } from './define-pod-scenario.ts';
import { podSlots } from './pod-stack.ts';

/** Requests in the pod that is killed. */
const inFlightMin = 32;

export const webhookKill = definePodScenario({
  name: 'webhook-kill',
  summary: `a webhook pod killed with SIGKILL while ${inFlightMin} requests or more are under way in it`,
  rounds: 50,
  verifyEvery: 10,
  load: { robots: 128, eventsPerSecond: 1200 },
  play: async (pods, { index, random }) => {
    const slot = podSlots[index % podSlots.length] ?? 0;
    await pods.acknowledged(100);
    // After a restart the gateway has to find out; a kill of the only pod in use would be another fault.
    await pods.shared();
    await sleep(random() * 300);
    const unavailableBefore = pods.traffic().statuses().get(503) ?? 0;
    const inFlight = await pods.killPodWith(slot, inFlightMin);
    // The other one carries on alone for a while.
    await pods.acknowledged(50);
    // The gateway's word to the robots whose request died with the pod: none of them was sent a second time.
    const cutOff = (pods.traffic().statuses().get(503) ?? 0) - unavailableBefore;
    await pods.startPod(slot);
    await pods.ready(slot);
    return { kills: 1, inFlight, cutOff };
  },
  check: (rounds) => [
    exactly('kills', sumOf(rounds, 'kills'), rounds.length),
    atLeast('inFlight in the pod at a kill', smallest(rounds, 'inFlight'), inFlightMin),
    atLeast('cutOff: robots told so', smallest(rounds, 'cutOff'), inFlightMin),
  ],
});
