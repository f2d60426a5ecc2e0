import { exactly } from '../../check.ts';
import { sumOf } from '../scenario.ts';
import { definePodScenario } from './define-pod-scenario.ts';
import { podSlots } from './pod-stack.ts';

export const rollingRestart = definePodScenario({
  name: 'rolling-restart',
  summary: 'all webhook pods ended by SIGTERM and started again one after the other, under load',
  rounds: 10,
  verifyEvery: 5,
  load: { robots: 64, eventsPerSecond: 800 },
  play: async (pods) => {
    let dirty = 0;
    for (const slot of podSlots) {
      await pods.acknowledged(100);
      if ((await pods.stopPod(slot)) !== 0) dirty += 1;
      await pods.startPod(slot);
      await pods.ready(slot);
      // The gateway has to find out too.
      await pods.acknowledged(400);
    }
    return { restarts: podSlots.length, dirty };
  },
  check: (rounds) => [
    exactly('restarts', sumOf(rounds, 'restarts'), rounds.length * podSlots.length),
    exactly('pods that did not end cleanly', sumOf(rounds, 'dirty'), 0),
    // A request that was under way when its pod began to stop is answered by it.
    exactly('lostAnswers', sumOf(rounds, 'lostAnswers'), 0),
  ],
});
